//! The `weft-engine` binary.
use weft_core::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let env = Environment::new(weft_elements::REGISTRY);
    let mut r = Router::new(
        env,
        Pool::new(PoolSize::default()).unwrap(),
        Region::default(),
        Clock::real(),
        1,
    );
    if let Err(e) = r.load(&args[1], &text) {
        eprintln!("{e}");
        std::process::exit(1)
    }
    r.run();
    println!("{}", r.read_handler("stats", "").unwrap());
}
