//! Values of handlers, which elements take and give as text: whether they are of the type declared.

use weft_core::{Value, is_number, shown};

/// The value as it is handed on, if it is of type `value`.
///
/// # Errors
/// That it is of another.
pub fn check(value: Value, text: &str) -> Result<String, String> {
    let is_sound = match value {
        Value::Unsigned | Value::Integer | Value::Real => is_number(value, text),
        Value::Json => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        Value::Bool => match text {
            "true" | "1" | "yes" => return Ok("true".to_string()),
            "false" | "0" | "no" => return Ok("false".to_string()),
            _ => false,
        },
        Value::Text | Value::Lines | Value::Button | Value::Bytes => true,
    };
    match is_sound {
        true => Ok(text.to_string()),
        false => Err(format!("'{}' is not of type {}", shown(text), value.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_type_pass_as_they_are_but_for_truths() {
        let sound = [
            (Value::Unsigned, "18446744073709551615"),
            (Value::Integer, "-9223372036854775808"),
            (Value::Real, "-2.5e3"),
            (Value::Json, "{\"a\": [1, null]}"),
            (Value::Text, "any\n"),
            (Value::Button, ""),
        ];
        for (value, text) in sound {
            assert_eq!(check(value, text), Ok(text.to_string()));
        }
        assert_eq!(check(Value::Bool, "no"), Ok("false".to_string()));
        assert_eq!(check(Value::Bool, "1"), Ok("true".to_string()));
    }

    #[test]
    fn others_are_named_with_the_type() {
        let wrong = [
            (Value::Unsigned, "+7"),
            (Value::Unsigned, "18446744073709551616"),
            (Value::Integer, "--7"),
            (Value::Real, "inf"),
            (Value::Bool, "t"),
            (Value::Json, "[1"),
        ];
        for (value, text) in wrong {
            let expected = format!("'{text}' is not of type {}", value.name());
            assert_eq!(check(value, text), Err(expected));
        }
        let long = check(Value::Bool, &"ü".repeat(201));
        let expected = format!("'{}...' is not of type bool", "ü".repeat(200));
        assert_eq!(long, Err(expected));
    }
}
