//! The folder of a function: facts in, sockets, log and state out.

use crate::failure::{Attempt, Failure};
use crate::journal;
use crate::spec::{Component, Spec};
use crate::sys::descriptor;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown, lchown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

const STAGE: &str = "spec";
const FACTS: &str = "function.json";
const ORDERS_SOCKET: &str = "init.sock";
const CONTROL_SOCKET: &str = "control.sock";
const COMPONENTS_SOCKET: &str = "components.sock";
/// Connections of components that the engine has not taken yet.
const COMPONENTS_WAITING: i32 = 128;
const DATA: &str = "data";
/// Of components; each is a file system of its own inside.
const HOMES: &str = "home";
const MOUNTS: &str = "mnt";
const STATE: &str = "state.json";
const NEW_STATE: &str = ".state.json.new";

/// The folder, reached by path before the sandbox exists and by descriptor ever after.
pub struct RunFolder {
    /// Its absolute path.
    pub path: PathBuf,
    place: OwnedFd,
}

impl RunFolder {
    /// Opens it and makes it the current folder.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let opening = || format!("open the folder {}", path.display());
        let path = path.canonicalize().attempt(STAGE, opening())?;
        std::env::set_current_dir(&path).attempt(STAGE, opening())?;
        let place = File::open(&path).attempt(STAGE, opening())?;
        Ok(Self {
            path,
            place: place.into(),
        })
    }

    /// Name of the function's control group.
    pub fn group_name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        format!("weft-{}", name.chars().take(12).collect::<String>())
    }

    /// Reads `function.json`.
    pub fn spec(&self) -> Result<Spec, Failure> {
        let path = self.path.join(FACTS);
        let text =
            read_text(&self.place, FACTS).attempt(STAGE, format!("read {}", path.display()))?;
        let spec = Spec::parse(&text).and_then(|spec| {
            let problems = spec.check_places(&self.path);
            problems.is_empty().then_some(spec).ok_or(problems)
        });
        spec.map_err(|errors| Failure {
            stage: STAGE,
            errors,
        })
    }

    /// Whether `function.json` has a component; so where it cannot be read.
    pub fn lists(&self, key: &str) -> bool {
        let has = |spec: Spec| spec.components.iter().any(|component| component.key == key);
        self.spec().map_or(true, has)
    }

    /// The text of the graph.
    pub fn graph(&self) -> PathBuf {
        self.path.join("graph.click")
    }

    /// The folder the engine may write to.
    pub fn data(&self) -> PathBuf {
        self.path.join(DATA)
    }

    /// Opens the log for appending.
    pub fn log(&self) -> Result<File, Failure> {
        let path = self.path.join("log");
        let mut options = File::options();
        options
            .create(true)
            .append(true)
            .open(&path)
            .attempt(STAGE, format!("open {}", path.display()))
    }

    /// Has what is told from now on go into the log.
    pub fn keep_log(&self) -> Result<(), Failure> {
        let path = self.path.join("log");
        journal::open(self.place.as_fd()).attempt(STAGE, format!("open {}", path.display()))
    }

    /// Lets the function's group read what is the engine's to read, and its user write `data`.
    pub fn admit(&self, spec: &Spec) -> Result<(), Failure> {
        let graph = self.graph();
        fs::metadata(&graph).attempt(STAGE, format!("read the graph {}", graph.display()))?;
        let data = self.data();
        match fs::DirBuilder::new().mode(0o700).create(&data) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
        .and_then(|()| lchown(&data, Some(spec.uid), Some(spec.gid)))
        .attempt(STAGE, format!("make the folder {}", data.display()))?;
        let admit = |path: &Path, bit| allow_group(path, spec.gid, bit);
        admit(&self.path, 0o010)
            .and_then(|()| admit(&graph, 0o040))
            .attempt(
                STAGE,
                format!("let group {} read {}", spec.gid, self.path.display()),
            )?;
        self.admit_components(spec)
    }

    /// Makes what components write to, and where what is shown to them is mounted.
    pub fn admit_components(&self, spec: &Spec) -> Result<(), Failure> {
        if !spec.mounts.is_empty() {
            self.make_place_for_mounts()?;
        }
        spec.components
            .iter()
            .try_for_each(|component| self.make_home_of(component))
    }

    fn make_place_for_mounts(&self) -> Result<(), Failure> {
        let made = descriptor::make_folder_at(self.place.as_fd(), MOUNTS, 0o755);
        let making = || format!("make the folder {}", self.path.join(MOUNTS).display());
        made.attempt(STAGE, making()).map(drop)
    }

    /// Makes the folder that a component may write to, apart from the engine's, which files of the
    /// package lie in.
    fn make_home_of(&self, component: &Component) -> Result<(), Failure> {
        let make = || -> io::Result<()> {
            let homes = descriptor::make_folder_at(self.place.as_fd(), HOMES, 0o711)?;
            homes.set_permissions(fs::Permissions::from_mode(0o711))?;
            let own = descriptor::make_folder_at(homes.as_fd(), &component.key, 0o700)?;
            fchown(&own, Some(component.uid), Some(component.gid))
        };
        let path = self.path.join(HOMES).join(&component.key);
        make().attempt(STAGE, format!("make the folder {}", path.display()))
    }

    /// Binds the socket for orders.
    pub fn listen_for_orders(&self) -> Result<UnixListener, Failure> {
        self.listen(ORDERS_SOCKET, 0o600)
    }

    /// Binds the socket that the engines accept control connections from.
    pub fn listen_for_control(&self) -> Result<UnixListener, Failure> {
        self.listen(CONTROL_SOCKET, 0o600)
    }

    /// Binds the socket that components connect to; the engine looks at who they are.
    pub fn listen_for_components(&self) -> Result<UnixListener, Failure> {
        let listener = self.listen(COMPONENTS_SOCKET, 0o666)?;
        // Whoever may not attach cannot make the kernel hold many connections either.
        descriptor::set_backlog(listener.as_fd(), COMPONENTS_WAITING)
            .attempt("control", "limit the connections that wait")?;
        Ok(listener)
    }

    /// The folder is the current one: its path may be longer than a socket address.
    fn listen(&self, name: &str, mode: u32) -> Result<UnixListener, Failure> {
        let path = self.path.join(name);
        if UnixStream::connect(name).is_ok() {
            let text = format!(
                "{} answers: the function runs already; shut it down first",
                path.display()
            );
            return Err(Failure::new("control", text));
        }
        let _ = fs::remove_file(name);
        let listen = || -> io::Result<UnixListener> {
            let listener = UnixListener::bind(name)?;
            fs::set_permissions(name, fs::Permissions::from_mode(mode))?;
            Ok(listener)
        };
        listen().attempt("control", format!("listen at {}", path.display()))
    }

    /// Replaces `state.json`, whole or not at all.
    pub fn write_state(&self, text: &str) -> io::Result<()> {
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC;
        let mut file = descriptor::open_at(self.place.as_fd(), Path::new(NEW_STATE), flags, 0o644)?;
        file.write_all(text.as_bytes())?;
        descriptor::rename_at(self.place.as_fd(), NEW_STATE, STATE)
    }

    /// Removes what this program made, but for the log and what is written to.
    pub fn clear(&self) {
        let sockets = [ORDERS_SOCKET, CONTROL_SOCKET, COMPONENTS_SOCKET];
        // Not there is as good.
        for name in sockets.into_iter().chain([STATE, NEW_STATE]) {
            let _ = descriptor::remove_at(self.place.as_fd(), name, false);
        }
        let _ = descriptor::remove_at(self.place.as_fd(), MOUNTS, true);
    }
}

fn allow_group(path: &Path, gid: u32, bit: u32) -> io::Result<()> {
    let mode = fs::metadata(path)?.mode() & 0o7777;
    if mode & (bit >> 3) != 0 {
        return Ok(());
    }
    lchown(path, None, Some(gid))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode | bit))
}

/// Reads a small file of a folder known by descriptor.
pub fn read_text(folder: &OwnedFd, name: &str) -> io::Result<String> {
    let mut text = String::new();
    descriptor::open_at(folder.as_fd(), Path::new(name), libc::O_RDONLY, 0)?
        .read_to_string(&mut text)?;
    Ok(text)
}
