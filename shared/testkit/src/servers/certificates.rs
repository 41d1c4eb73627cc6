//! An authority and a server certificate for loopback, made with the `openssl` command.
//!
//! In: a folder and the server's address. Out: three files in it. The certificate names the address and `localhost`
//! as alternative names, which is what today's clients look at.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Result, doing, program, run};

/// Where the files are.
#[derive(Debug, Clone)]
pub(super) struct Certificates {
    /// What a client is told to trust.
    pub(super) authority: PathBuf,
    /// What the server shows.
    pub(super) certificate: PathBuf,
    /// The server's private key.
    pub(super) key: PathBuf,
}

impl Certificates {
    /// Makes all three in `folder`, for a server at `address`.
    pub(super) fn make(folder: &Path, address: Ipv4Addr) -> Result<Self> {
        let openssl = program("openssl", "openssl")?;
        let at = |name: &str| folder.join(name);
        let made = Self { authority: at("ca.pem"), certificate: at("server.pem"), key: at("server.key") };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        run(Command::new(&openssl)
            .args(["req", "-x509", "-days", "30", "-subj", "/CN=Rollcall test authority"])
            .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
            .args(key)
            .arg("-keyout")
            .arg(at("ca.key"))
            .arg("-out")
            .arg(&made.authority))?;
        run(Command::new(&openssl)
            .args(["req", "-subj", "/CN=localhost"])
            .args(key)
            .arg("-keyout")
            .arg(&made.key)
            .arg("-out")
            .arg(at("server.csr")))?;
        let extensions = at("server.ext");
        let text = format!(
            "basicConstraints=critical,CA:FALSE\nsubjectAltName=IP:{address},DNS:localhost\n\
             extendedKeyUsage=serverAuth\n"
        );
        fs::write(&extensions, text).map_err(doing("writing the certificate's extensions"))?;
        run(Command::new(&openssl)
            .args(["x509", "-req", "-days", "30", "-CAcreateserial", "-in"])
            .arg(at("server.csr"))
            .arg("-CA")
            .arg(&made.authority)
            .arg("-CAkey")
            .arg(at("ca.key"))
            .arg("-extfile")
            .arg(extensions)
            .arg("-out")
            .arg(&made.certificate))?;
        Ok(made)
    }
}
