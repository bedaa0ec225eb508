//! Keys of integrity protection (RFC 9145), found by their identifiers. What a key is never leaves
//! this file: no message, handler or configuration shows it.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use weft_lang::Names;
use weft_wire::nsh::integrity::{KEY_LEN, MAC_LEN, MAX_KEY_ID};

/// Keys by identifier, in the order they were given.
#[derive(Default)]
pub(super) struct Keys(Vec<Key>);

/// A key, ready to make and check codes with.
#[derive(Clone)]
pub(super) struct Key {
    id: Vec<u8>,
    start: Hmac<Sha256>,
}

impl Key {
    /// Its identifier.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.start.clone();
        for part in parts {
            mac.update(part);
        }
        mac
    }

    /// The code over `parts`, one after the other: HMAC-SHA-256-128.
    pub fn code(&self, parts: &[&[u8]]) -> [u8; MAC_LEN] {
        let whole = self.over(parts).finalize().into_bytes();
        let mut code = [0; MAC_LEN];
        code.copy_from_slice(&whole[..MAC_LEN]);
        code
    }

    /// Whether `code` is the code over `parts`; takes as long for a wrong one as for the right one.
    pub fn is_code(&self, parts: &[&[u8]], code: &[u8; MAC_LEN]) -> bool {
        self.over(parts).verify_truncated_left(code).is_ok()
    }
}

/// `IDENTIFIER:KEY`.
impl weft_lang::value::Value for Key {
    const EXPECTED: &'static str = "IDENTIFIER:KEY, with an identifier of letters, digits and '_-.' \
                                    or of hexadecimal digits behind 0x, at most 101 bytes, and a key of \
                                    64 hexadecimal digits";

    fn parse(text: &str, _names: &dyn Names) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(id, key)| {
            let key = bytes_of(key.trim())?;
            let key: [u8; KEY_LEN] = key.try_into().ok()?;
            let start = Hmac::new_from_slice(&key).ok()?;
            Some(Key {
                id: identifier(id.trim())?,
                start,
            })
        });
        parsed.ok_or_else(|| format!("should be {}", Self::EXPECTED))
    }

    fn placeholder() -> Self {
        Key {
            id: Vec::new(),
            start: Hmac::new_from_slice(&[0; KEY_LEN]).expect("any length will do"),
        }
    }
}

/// The bytes of an identifier.
fn identifier(text: &str) -> Option<Vec<u8>> {
    let id = match text.strip_prefix("0x") {
        Some(digits) => bytes_of(digits)?,
        None => {
            let plain = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
            text.bytes().all(plain).then(|| text.as_bytes().to_vec())?
        }
    };
    (1..=MAX_KEY_ID).contains(&id.len()).then_some(id)
}

/// The bytes that pairs of hexadecimal digits say.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let value = |c: &u8| char::from(*c).to_digit(16).map(|d| d as u8);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(value(high)? << 4 | value(low)?),
            _ => None,
        })
        .collect()
}

/// An identifier as it is shown.
pub(super) fn shown(id: &[u8]) -> String {
    let plain = |c: &u8| c.is_ascii_alphanumeric() || b"_-.".contains(c);
    match id.iter().all(plain) && !id.starts_with(b"0x") {
        true => String::from_utf8_lossy(id).into_owned(),
        false => id
            .iter()
            .fold("0x".to_string(), |text, byte| format!("{text}{byte:02x}")),
    }
}

impl Keys {
    /// The keys given as arguments, then those in the file, of which every line has one; empty lines
    /// and those that begin with `#` have none.
    ///
    /// # Errors
    /// What is wrong, with the file and its line, without what stands there.
    pub fn of(arguments: &[Key], file: Option<&str>) -> Result<Keys, String> {
        let mut keys = Keys::default();
        for key in arguments {
            keys.add(key.clone())?;
        }
        let Some(file) = file else {
            return keys.or_none("no key; give one as KEY, or a file of them as KEYS");
        };
        let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = |problem| format!("{file}:{}: {problem}", number + 1);
            let key = weft_lang::value::Value::parse(line, &weft_lang::NoNames);
            keys.add(key.map_err(at)?).map_err(at)?;
        }
        keys.or_none(&format!("{file}: there is no key in it"))
    }

    fn or_none(self, problem: &str) -> Result<Keys, String> {
        match self.0.is_empty() {
            true => Err(problem.to_string()),
            false => Ok(self),
        }
    }

    /// The key with this identifier.
    pub fn find(&self, id: &[u8]) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }

    /// The key that was given first.
    pub fn first(&self) -> Option<&Key> {
        self.0.first()
    }

    /// The key whose identifier is written so.
    ///
    /// # Errors
    /// That there is none, and which there are.
    pub fn named(&self, text: &str) -> Result<&Key, String> {
        let id = identifier(text.trim());
        let key = id.and_then(|id| self.find(&id));
        key.ok_or_else(|| format!("no such key; there are: {}", self.ids().join(", ")))
    }

    /// Adds a key.
    ///
    /// # Errors
    /// When there is one with its identifier.
    pub fn add(&mut self, key: Key) -> Result<(), String> {
        if self.find(&key.id).is_some() {
            return Err(format!(
                "key '{}' is there; remove it first",
                shown(&key.id)
            ));
        }
        self.0.push(key);
        Ok(())
    }

    /// Removes the key whose identifier is written so.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove(&mut self, text: &str) -> Result<(), String> {
        let id = self.named(text)?.id.clone();
        self.0.retain(|key| key.id != id);
        Ok(())
    }

    /// All identifiers, as they are shown.
    pub fn ids(&self) -> Vec<String> {
        self.0.iter().map(|key| shown(&key.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_lang::NoNames;
    use weft_lang::value::Value;

    const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn key(id: &str) -> Key {
        Key::parse(&format!("{id}:{DIGITS}"), &NoNames).unwrap()
    }

    /// RFC 4868, section 2.7.2.1, test case AUTH256-2: its first 16 bytes are the code.
    #[test]
    fn codes_are_those_of_hmac_sha_256_128() {
        let key = Key::parse(&format!("a:{}", "4a656665".repeat(8)), &NoNames).unwrap();
        let code = key.code(&[b"what do ya want ", b"for nothing?"]);
        let expected = "167f928588c5cc2eef8e3093caa0e87c";
        assert_eq!(crate::testing::hex(&code), expected);
        assert!(key.is_code(&[b"what do ya want for nothing?"], &code));
        assert!(!key.is_code(&[b"what do ya want for nothing!"], &code));
    }

    #[test]
    fn identifiers_are_text_or_bytes() {
        assert_eq!(key("k-1").id(), b"k-1");
        assert_eq!(key("0x00ff").id(), [0, 0xff]);
        let mut keys = Keys::of(&[key("b"), key("0x00ff"), key("0x6b31")], None).unwrap();
        assert_eq!(keys.ids(), ["b", "0x00ff", "k1"]);
        keys.remove("0x6b31").unwrap();
        let refusal = keys.remove("k1").unwrap_err();
        assert_eq!(refusal, "no such key; there are: b, 0x00ff");
        let refusal = keys.add(key("b")).unwrap_err();
        assert_eq!(refusal, "key 'b' is there; remove it first");
        assert_eq!(keys.first().map(Key::id), Some(&b"b"[..]));
    }

    #[test]
    fn a_wrong_key_is_refused_and_not_repeated() {
        let long = format!("{}:{DIGITS}", "a".repeat(102));
        for text in [
            DIGITS,
            &format!(":{DIGITS}"),
            &format!("a b:{DIGITS}"),
            &format!("0xf:{DIGITS}"),
            &format!("a:{}", &DIGITS[1..]),
            &format!("a:{}", &DIGITS[2..]),
            &format!("a:{DIGITS}00"),
            &long,
        ] {
            let problem = Key::parse(text, &NoNames).err().unwrap();
            assert!(problem.starts_with("should be IDENTIFIER:KEY"));
            assert!(!problem.contains("0203"), "{problem}");
        }
    }

    #[test]
    fn a_file_has_a_key_a_line() {
        let path = std::env::temp_dir().join(format!("weft-keys-{}", std::process::id()));
        let file = path.to_str().unwrap();
        std::fs::write(&path, format!("# keys\n\n  k1:{DIGITS}\nk2: {DIGITS}\n")).unwrap();
        let keys = Keys::of(&[key("k0")], Some(file)).unwrap();
        assert_eq!(keys.ids(), ["k0", "k1", "k2"]);
        std::fs::write(&path, format!("k1:{DIGITS}\nk1:{DIGITS}\n")).unwrap();
        let problem = Keys::of(&[], Some(file)).err().unwrap();
        assert_eq!(
            problem,
            format!("{file}:2: key 'k1' is there; remove it first")
        );
        std::fs::write(&path, "k1:0203\n").unwrap();
        let problem = Keys::of(&[], Some(file)).err().unwrap();
        assert!(problem.starts_with(&format!("{file}:1: should be IDENTIFIER:KEY")));
        std::fs::write(&path, "# none\n").unwrap();
        let problem = Keys::of(&[], Some(file)).err().unwrap();
        assert_eq!(problem, format!("{file}: there is no key in it"));
        std::fs::remove_file(&path).unwrap();
        let problem = Keys::of(&[], None).err().unwrap();
        assert_eq!(
            problem,
            "no key; give one as KEY, or a file of them as KEYS"
        );
    }
}
