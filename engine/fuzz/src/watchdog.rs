//! What keeps a run of targets bounded and apart from the rest of the machine.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

/// Ends the process when what it watches makes no progress: a hang cannot be reported otherwise.
pub struct Watchdog {
    progress: Arc<AtomicU64>,
    doing: Arc<Mutex<String>>,
}

impl Watchdog {
    /// A watchdog that waits `limit` for progress.
    pub fn start(limit: Duration) -> Self {
        let watchdog = Watchdog {
            progress: Arc::default(),
            doing: Arc::default(),
        };
        let (progress, doing) = (watchdog.progress.clone(), watchdog.doing.clone());
        thread::spawn(move || {
            let mut last = progress.load(Relaxed);
            loop {
                thread::sleep(limit);
                let now = progress.load(Relaxed);
                if Arc::strong_count(&progress) == 1 {
                    return;
                }
                if now == last {
                    let doing = doing.lock().map_or(String::new(), |d| d.clone());
                    eprintln!("no progress in {} s: {doing}", limit.as_secs());
                    std::process::abort();
                }
                last = now;
            }
        });
        watchdog
    }

    /// Tells what is begun now.
    pub fn begin(&self, what: &str) {
        self.progress.fetch_add(1, Relaxed);
        if let Ok(mut doing) = self.doing.lock() {
            what.clone_into(&mut doing);
        }
    }
}

/// Prints what was going on when a target panics.
pub struct Told(pub String);

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("while fuzzing {}", self.0);
        }
    }
}

/// Makes a folder next to this program the working folder of this process, once, so that elements
/// that write files write them there; it holds what they read.
///
/// # Panics
/// When the folder cannot be made.
pub fn working_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let program = std::env::current_exe().expect("the path of this program");
        let folder = program.with_extension("files");
        std::fs::create_dir_all(&folder).expect("a folder for files");
        std::env::set_current_dir(&folder).expect("a working folder");
        std::fs::write("in.pcap", capture()).expect("a capture file");
        std::fs::write(
            "in.dump",
            "!data timestamp ip_src ip_dst\n1.5 1.2.3.4 5.6.7.8\nx y z\n",
        )
        .expect("a summary file");
        folder
    });
    // Elements may write it anew.
    std::fs::write("fuzz.rules", RULES).expect("a file of rules");
    folder
}

/// Rules that ask for everything there is.
const RULES: &str = r#"
alert ip any any -> any any (msg:"any"; content:"|00|"; content:"|00|"; distance:0; within:9; sid:1;)
drop tcp any any <> any [1:1000,!80] (pcre:"/[a-z]+\x00/Rsi"; flow:established,to_server; sid:2;)
alert udp ![10.0.0.0/8,::1] any -> any 53 (content:!"a"; offset:1; depth:4; isdataat:1,relative; dsize:>3; sid:3;)
alert icmp any any -> any any (itype:<9; icode:0; icmp_id:>0; ttl:1<>255; threshold:type both, track by_src, count 2, seconds 9; sid:4;)
alert tcp any any -> any any (content:"|01|"; content:"|02|"; sid:5;)
pass tcp any 80 -> any any (flags:*SF,12; sid:6;)
"#;

/// A capture of a few packets, the last cut off.
fn capture() -> Vec<u8> {
    let mut bytes = vec![
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,
    ];
    bytes.extend(1u32.to_le_bytes());
    for length in [0u32, 1, 14, 60, 1500] {
        bytes.extend(length.to_le_bytes());
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend((0..length).map(|i| i as u8));
    }
    bytes.truncate(bytes.len() - 7);
    bytes
}
