//! The `sprintf` handler: C's formats for numbers and strings.

use super::arithmetic::words;
use weft_lang::unquote_text;
use weft_lang::value::parse_signed;

/// Widest field.
const WIDEST: usize = 1 << 16;

/// One conversion: `%`, flags, width, precision, letter.
#[derive(Default)]
struct Conversion {
    zero: bool,
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    half: bool,
}

/// Formats the words of `text` after the first as that says.
pub fn sprintf(text: &str) -> Result<String, String> {
    format_words(text).ok_or_else(|| "syntax error".to_string())
}

fn format_words(text: &str) -> Option<String> {
    let mut values = words(text).into_iter();
    let format = unquote_text(values.next().unwrap_or_default());
    let mut rest = format.chars().peekable();
    let mut out = String::new();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut conversion = Conversion::default();
        conversion.flags(&mut rest);
        conversion.width = size(&mut rest, &mut values, &mut conversion.left)?.unwrap_or(0);
        if rest.next_if_eq(&'.').is_some() {
            let mut negative = false;
            conversion.precision = Some(size(&mut rest, &mut values, &mut negative)?.unwrap_or(0));
            if negative {
                return None;
            }
        }
        while let Some(width) = rest.next_if(|c| matches!(c, 'h' | 'l' | 'L' | 'q')) {
            conversion.half = width == 'h';
        }
        out.push_str(&conversion.convert(rest.next()?, &mut values)?);
    }
    values.next().is_none().then_some(out)
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// A number in the format, or the next value where that says `*`. A negative one means `left`.
fn size<'a>(
    rest: &mut Rest<'_>,
    values: &mut impl Iterator<Item = &'a str>,
    left: &mut bool,
) -> Option<Option<usize>> {
    if rest.next_if_eq(&'*').is_some() {
        let size = parse_signed(values.next()?).ok()?;
        *left |= size < 0;
        let size = usize::try_from(size.unsigned_abs()).ok()?;
        return (size <= WIDEST).then_some(Some(size));
    }
    let mut number: Option<usize> = None;
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        let digit = digit as usize - '0' as usize;
        number = Some(number.unwrap_or(0) * 10 + digit);
        if number > Some(WIDEST) {
            return None;
        }
    }
    Some(number)
}

impl Conversion {
    fn flags(&mut self, rest: &mut Rest<'_>) {
        while let Some(flag) = rest.next_if(|c| "0#- +".contains(*c)) {
            match flag {
                '0' => self.zero = true,
                '#' => self.alternate = true,
                '-' => self.left = true,
                ' ' => self.space = true,
                _ => self.plus = true,
            }
        }
    }

    fn convert<'a>(
        &self,
        letter: char,
        values: &mut impl Iterator<Item = &'a str>,
    ) -> Option<String> {
        match letter {
            '%' => Some("%".to_string()),
            's' => {
                let text = unquote_text(values.next()?);
                let most = self.precision.unwrap_or(usize::MAX);
                let cut: String = text.chars().take(most).collect();
                Some(self.pad("", &cut, false))
            }
            'd' | 'i' => {
                let mut value = parse_signed(values.next()?).ok()?;
                if self.half {
                    value = i64::from(value as i16);
                }
                let sign = match (value < 0, self.plus, self.space) {
                    (true, ..) => "-",
                    (_, true, _) => "+",
                    (_, _, true) => " ",
                    _ => "",
                };
                Some(self.number(sign, &value.unsigned_abs().to_string()))
            }
            'o' | 'x' | 'X' | 'u' => {
                let mut value = parse_signed(values.next()?).ok()? as u64;
                if self.half {
                    value = u64::from(value as u16);
                }
                let prefix = match letter {
                    'o' if self.alternate => "0",
                    'x' if self.alternate && value != 0 => "0x",
                    'X' if self.alternate && value != 0 => "0X",
                    _ => "",
                };
                let digits = match letter {
                    'o' => format!("{value:o}"),
                    'x' => format!("{value:x}"),
                    'X' => format!("{value:X}"),
                    _ => value.to_string(),
                };
                Some(self.number(prefix, &digits))
            }
            _ => None,
        }
    }

    fn number(&self, prefix: &str, digits: &str) -> String {
        let digits = format!("{digits:0>width$}", width = self.precision.unwrap_or(1));
        self.pad(prefix, &digits, self.zero && self.precision.is_none())
    }

    fn pad(&self, prefix: &str, text: &str, zero: bool) -> String {
        let length = prefix.len() + text.chars().count();
        let fill = self.width.saturating_sub(length);
        match (self.left, zero) {
            (true, _) => format!("{prefix}{text}{}", " ".repeat(fill)),
            (_, true) => format!("{prefix}{}{text}", "0".repeat(fill)),
            _ => format!("{}{prefix}{text}", " ".repeat(fill)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sprintf;

    #[test]
    fn formats_are_those_of_c() {
        let cases = [
            ("\"%05x\" 127", "0007f"),
            ("%d%% 5", "5%"),
            ("\"%-5d|%5d|%+d\" 1 2 3", "1    |    2|+3"),
            ("\"%*d\" 4 7", "   7"),
            ("\"%.3d %#x %#o\" 7 255 8", "007 0xff 010"),
            ("\"%s-%.2s\" abc 'xyz w'", "abc-xy"),
            ("%hu 65537", "1"),
            ("plain", "plain"),
        ];
        for (text, expected) in cases {
            assert_eq!(sprintf(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in ["%d", "%d x", "%d 1 2", "%", "%y 1", "%99999999d 1"] {
            assert_eq!(sprintf(wrong), Err("syntax error".to_string()), "{wrong}");
        }
    }
}
