//! The peak of this process's memory, and its processor time, as Linux keeps them. Elsewhere nothing is said.

use std::fs;

/// Begins a new peak at what is in use now. Linux may refuse: then the peak is that of the whole run so far.
pub(crate) fn reset_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The most bytes in memory at once since the last reset.
pub(crate) fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    peak_in(&status)
}

/// Seconds of processor time that this process has used.
pub(crate) fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    processor_in(&stat)
}

/// The fields after the name, which stands in parentheses and may hold anything: the 12th and 13th are the time in the
/// program and in the system, in hundredths of a second.
fn processor_in(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((times.next()?.ok()? + times.next()?.ok()?) / 100.0)
}

/// The most bytes that another process held at once so far; nothing when it is gone.
pub(crate) fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    peak_in(&status)
}

/// Of a million bytes each.
#[expect(clippy::cast_precision_loss, reason = "nobody has so many bytes")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

/// `VmHWM:   12345 kB`
fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_its_line() {
        let status = "Name:\tbench\nVmPeak:\t  99 kB\nVmHWM:\t   12345 kB\nVmRSS:\t  7 kB\n";
        assert_eq!(peak_in(status), Some(12_345 * 1_024));
        assert_eq!(peak_in("Name:\tbench\n"), None);
    }

    #[test]
    fn the_processor_time_is_found_whatever_the_process_is_called() {
        let stat = "71 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20";
        assert_eq!(processor_in(stat), Some(1.75));
        assert_eq!(processor_in("71 (a"), None);
    }
}
