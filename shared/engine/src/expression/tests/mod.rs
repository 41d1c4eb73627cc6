//! Tests of the language as a whole: what it reads, what it refuses and with which words, how it prints, and that no
//! depth exhausts the stack.

mod accepted;
mod checked;
mod depth;
mod refused;
mod round_trip;
