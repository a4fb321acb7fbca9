//! The `posfleet` program: hands the command line to the library and turns its verdict into an exit code.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    posfleet::cli::main()
}
