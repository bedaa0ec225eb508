//! How often payloads have a gram: judged by what many of them have in common, and by what rules look for.

use super::grams::Shape;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// What requests, answers, pages, mail and binary protocols are full of.
pub(super) const SAMPLE: &[u8] = b"GET /index.html?id=1&name=value HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 \
(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0 Safari/537.36\r\nAccept: text/html,\
application/xhtml+xml,application/xml;q=0.9,image/*,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: \
gzip, deflate, br\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef\r\nReferer: https://www.example.org/\r\n\
Cache-Control: no-cache\r\n\r\nPOST /login.php HTTP/1.0\r\nAuthorization: Basic \r\nContent-Type: application/\
x-www-form-urlencoded\r\nContent-Length: 12\r\n\r\nusername=admin&password=\r\nHTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 \
00:00:00 GMT\r\nServer: Apache/2.4\r\nLast-Modified: \r\nSet-Cookie: path=/; HttpOnly\r\nTransfer-Encoding: chunked\r\n\
Content-Type: application/json; charset=utf-8\r\nLocation: http://\r\n\r\n<!DOCTYPE html>\n<html><head><title>the \
page of </title><meta charset=\"utf-8\"><link rel=\"stylesheet\" href=\"/css/style.css\"><script type=\"text/javascript\" \
src=\"/js/main.min.js\"></script></head><body><div class=\"content\"><p>this is the text that was sent for you and there \
are others with it, from which you can have more information</p><a href=\"https://\"><img src=\"/images/logo.png\"></a>\
<input type=\"text\" name=\"\" value=\"\"></form></div></body></html>\nvar x = function(a, b) { if (a === b) { return \
document.getElementById(\"id\"); } else { window.location = this.value; } };\n{\"id\": 1, \"name\": \"\", \"type\": null, \
\"status\": true, \"error\": false}\r\n220 mail ESMTP\r\nEHLO \r\n250 OK\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\nSubject: Re: \r\n\
From: To: Message-ID: MIME-Version: 1.0\r\nUSER anonymous\r\nPASS \r\nSIP/2.0 INVITE sip:\r\nSELECT * FROM WHERE id=1 AND \
\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x02\0\0\0\0\x01\0\x01\0\x04\0\x10\0\0\0\x80\
\xff\xff\xff\xff\xff\xff\xff\xff\xffSMB\0\0\0\0\x90\x90\x90\x90\x90\x90AAAAAAAAAAAAAAAA\0\x01\x01\0\0\x01\0\0\0\0\0\0\x03www\
\x07example\x03com\0\0\x01\0\x01\xc0\x0c\x16\x03\x01\0\x16\x03\x03\0\x17\x03\x03\0----------------================";

/// How often what is learnt counts: the sample does more than what rules look for.
const OF_SAMPLE: f32 = 2.0;
const OF_RULES: f32 = 1.0;
/// Texts of rules that are learnt, about, and bytes of each.
const MOST_LEARNT: usize = 2048;
const LONGEST_LEARNT: usize = 64;
/// Bytes that differ by more than their case.
const DIFFERENT: usize = 128;
/// Part of payloads that is like what was learnt; the rest is any bytes.
const LEARNT: f32 = 0.75;
/// Bytes behind a byte that have to be seen until they are believed as much as all bytes are.
const BELIEVED: f32 = 8.0;
/// Grams that are short enough for pairs of bytes to say how common they are.
const PAIR: usize = 2;

/// How common grams are.
pub(in super::super) struct Commonness {
    total: f32,
    bytes: [f32; DIFFERENT],
    /// By a byte, and the one behind it.
    pairs: Vec<[f32; DIFFERENT]>,
    /// Grams of more bytes than a pair.
    grams: HashMap<(usize, u32), f32, FixedState>,
}

impl Commonness {
    /// Learns from `texts`, which rules look for, and from what many payloads have in common.
    pub fn of<'a>(texts: impl Iterator<Item = &'a [u8]> + Clone) -> Commonness {
        let mut commonness = Commonness {
            total: 0.0,
            bytes: [0.0; DIFFERENT],
            pairs: vec![[0.0; DIFFERENT]; DIFFERENT],
            grams: HashMap::default(),
        };
        commonness.learn(SAMPLE, OF_SAMPLE);
        let apart = texts.clone().count().div_ceil(MOST_LEARNT).max(1);
        for text in texts.step_by(apart) {
            commonness.learn(&text[..text.len().min(LONGEST_LEARNT)], OF_RULES);
        }
        commonness
    }

    fn learn(&mut self, text: &[u8], weight: f32) {
        self.total += weight * text.len() as f32;
        for byte in text {
            self.bytes[index(*byte)] += weight;
        }
        for pair in text.windows(PAIR) {
            self.pairs[index(pair[0])][index(pair[1])] += weight;
        }
        for length in PAIR + 1..=Shape::LONGEST_GRAM {
            for gram in Shape::of_gram(length).grams(text) {
                *self.grams.entry((length, gram)).or_default() += weight;
            }
        }
    }

    /// The part of the places of a payload that begin with this gram, roughly.
    pub(super) fn of_gram(&self, shape: Shape, gram: u32) -> f32 {
        let bytes = gram.to_le_bytes().map(index);
        let bytes = &bytes[..shape.gram];
        let by_pairs: f32 = bytes
            .windows(PAIR)
            .map(|pair| self.of_next(pair[0], pair[1]))
            .product();
        let any = (DIFFERENT as f32).powi(-(shape.gram as i32));
        // A gram that was seen once, in what is looked for, may be nowhere else.
        let seen = self.grams.get(&(shape.gram, gram)).copied();
        let seen = (seen.unwrap_or_default() - OF_RULES).max(0.0) / self.total;
        LEARNT * (self.of_byte(bytes[0]) * by_pairs).max(seen) + (1.0 - LEARNT) * any
    }

    fn of_byte(&self, byte: usize) -> f32 {
        LEARNT * self.bytes[byte] / self.total + (1.0 - LEARNT) / DIFFERENT as f32
    }

    /// How often a byte is the one behind another.
    fn of_next(&self, byte: usize, next: usize) -> f32 {
        let seen = self.bytes[byte];
        (self.pairs[byte][next] + BELIEVED * self.of_byte(next)) / (seen + BELIEVED)
    }
}

/// The number of a byte among those that differ by more than their case.
fn index(byte: u8) -> usize {
    usize::from(byte & 0x1f | (byte & 0xc0) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_requests_and_rules_have_is_common() {
        let shape = Shape::of_gram(4);
        let learnt = Commonness::of([&b"Abcd0123"[..], b"abcd"].into_iter());
        let of = |gram: &[u8]| learnt.of_gram(shape, shape.read(gram));
        let order: [&[u8]; 6] = [b"\0\0\0\0", b"http", b"abcd", b"this", b"eeee", b"zqjx"];
        assert!(order.is_sorted_by(|a, b| of(a) >= of(b)));
        assert!(of(b"zqjx") > 0.0 && of(b"\0\0\0\0") < 0.1);
        assert_eq!(of(b"HTTP"), of(b"http"));
    }
}
