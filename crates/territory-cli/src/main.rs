//! See the library beside this file.

fn main() -> std::process::ExitCode {
    territory_cli::main()
}
