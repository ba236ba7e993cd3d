//! Conditions of a search as filters of the engine.

use coral_engine::Filter;
use coral_engine::filter::{Comparison, Field, Literal, Pattern};

use super::error::SyntaxError;
use super::key::{Key, ValueKind};
use super::lexer::{Condition, Operator, Part};
use super::value::{duration_nanos, glob_pattern, hundred, number, word};
use super::{Named, NamedKey};

/// What a condition means, and what it names for hints.
pub(super) struct Compiled<M> {
    pub meaning: M,
    pub named: Option<Named>,
}

/// The filter of `condition`.
pub(super) fn compile(condition: &Condition) -> Result<Compiled<Filter>, SyntaxError> {
    let key = Key::of(&condition.key);
    let value = &condition.value;
    let is_any = value.text == "*" && !value.is_quoted;
    let filter = match condition.operator {
        Operator::Equal if is_any => any_of(&key, Filter::Exists),
        Operator::NotEqual if is_any => {
            let reason = "`!=*` compares with no value";
            let hint = format!("write -{}:* for traces without it", condition.key.text);
            return Err(SyntaxError::new(condition.operator_offset, reason, hint));
        }
        Operator::Equal => equal(&key, condition)?,
        Operator::NotEqual => not_equal(&key, condition)?,
        Operator::Matches => matches(&key, condition)?,
        Operator::MatchesNot => {
            let found = matches(&key, condition)?;
            Filter::And(vec![any_of(&key, Filter::Exists), negated(found)])
        }
        Operator::Less => ordered(&key, condition, Comparison::Less)?,
        Operator::LessOrEqual => ordered(&key, condition, Comparison::LessOrEqual)?,
        Operator::Greater => ordered(&key, condition, Comparison::Greater)?,
        Operator::GreaterOrEqual => ordered(&key, condition, Comparison::GreaterOrEqual)?,
    };
    Ok(Compiled { meaning: filter, named: named(condition, &key, is_any) })
}

/// What a hint about `condition` needs; `None` for keys that every span or trace has.
fn named(condition: &Condition, key: &Key, is_any: bool) -> Option<Named> {
    use coral_engine::filter::SpanField;
    let attribute = || NamedKey::Attribute(condition.key.text.clone());
    let named_key = match key.fields.as_slice() {
        [Field::Span(SpanField::Service)] => NamedKey::Service,
        [Field::Span(SpanField::Name)] => NamedKey::Name,
        [Field::Attribute { .. }, ..] => attribute(),
        _ => return None,
    };
    let is_equal = condition.operator == Operator::Equal && !is_any && !is_glob(&condition.value);
    let is_number = matches!(
        condition.operator,
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual
    );
    Some(Named { key: named_key, value: is_equal.then(|| condition.value.text.clone()), is_number })
}

/// The condition that `field` is this text.
pub(super) fn equal_text(field: Field, text: &str) -> Filter {
    Filter::Compare { field, op: Comparison::Equal, value: Literal::Text(text.to_owned()) }
}

/// The condition that an attribute has this value, compared as text.
pub(super) fn equal_attribute(key: &str, value: &str) -> Filter {
    compare(&Key::attribute(key), Comparison::Equal, &Literal::Untyped(value.to_owned()))
}

/// The filter that is met if one of the key's fields meets it.
fn any_of(key: &Key, filter: impl Fn(Field) -> Filter) -> Filter {
    match key.fields.as_slice() {
        [only] => filter(only.clone()),
        many => Filter::Or(many.iter().cloned().map(filter).collect()),
    }
}

fn negated(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn compare(key: &Key, op: Comparison, value: &Literal) -> Filter {
    any_of(key, |field| Filter::Compare { field, op, value: value.clone() })
}

/// `number` as an integer if it is one. Engines have indexes for integers.
fn whole(number: f64) -> Literal {
    let is_whole = number.fract() == 0.0 && number.abs() < 1e15;
    if is_whole { Literal::Int(number as i64) } else { Literal::Float(number) }
}

fn is_glob(value: &Part) -> bool {
    !value.is_quoted && value.text.contains('*')
}

fn equal(key: &Key, condition: &Condition) -> Result<Filter, SyntaxError> {
    let value = &condition.value;
    Ok(match key.kind {
        ValueKind::Duration => {
            compare(key, Comparison::Equal, &Literal::Int(duration_nanos(condition)?))
        }
        ValueKind::Word(words) => match (word(condition, words)?, words.contains(&"unset")) {
            // A span that did not fail is `ok`, whether or not its status says so.
            ("ok", true) => {
                negated(compare(key, Comparison::Equal, &Literal::Text("error".into())))
            }
            (word, _) => compare(key, Comparison::Equal, &Literal::Text(word.to_owned())),
        },
        ValueKind::Number => match hundred(value) {
            Some(first) => Filter::And(vec![
                compare(key, Comparison::GreaterOrEqual, &Literal::Int(first)),
                compare(key, Comparison::Less, &Literal::Int(first + 100)),
            ]),
            None => compare(key, Comparison::Equal, &whole(number(condition)?)),
        },
        ValueKind::Text | ValueKind::Attribute if is_glob(value) => {
            regex(key, &glob_pattern(&value.text), value)?
        }
        ValueKind::Text => compare(key, Comparison::Equal, &Literal::Text(value.text.clone())),
        ValueKind::Attribute => {
            compare(key, Comparison::Equal, &Literal::Untyped(value.text.clone()))
        }
    })
}

/// The key has a value, and not this one.
fn not_equal(key: &Key, condition: &Condition) -> Result<Filter, SyntaxError> {
    Ok(Filter::And(vec![any_of(key, Filter::Exists), negated(equal(key, condition)?)]))
}

fn matches(key: &Key, condition: &Condition) -> Result<Filter, SyntaxError> {
    match key.kind {
        ValueKind::Text | ValueKind::Attribute => {
            regex(key, &format!("(?i){}", condition.value.text), &condition.value)
        }
        ValueKind::Word(words) => {
            Err(no_such_operator(condition, &format!("one of {}", words.join(", "))))
        }
        ValueKind::Number => Err(no_such_operator(condition, "a number, or a range such as 5xx")),
        ValueKind::Duration => Err(no_such_operator(condition, "a duration")),
    }
}

/// `=` in the place of an operator that the key does not have.
pub(super) fn no_such_operator(condition: &Condition, expected: &str) -> SyntaxError {
    let reason = format!(
        "`{}` compares text, and `{}` is {expected}",
        condition.operator.sign(),
        condition.key.text
    );
    SyntaxError::new(
        condition.operator_offset,
        reason,
        format!("write {}:VALUE", condition.key.text),
    )
}

fn regex(key: &Key, pattern: &str, value: &Part) -> Result<Filter, SyntaxError> {
    let pattern = Pattern::untyped(pattern).map_err(|error| {
        let reason = format!("`{}` is not a usable regular expression", value.text);
        let last = error.reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        SyntaxError::new(value.offset, reason, format!("{last}; a backslash makes a sign literal"))
    })?;
    Ok(any_of(key, |field| Filter::Regex { field, pattern: pattern.clone() }))
}

fn ordered(key: &Key, condition: &Condition, op: Comparison) -> Result<Filter, SyntaxError> {
    let name = &condition.key.text;
    match key.kind {
        ValueKind::Duration => Ok(compare(key, op, &Literal::Int(duration_nanos(condition)?))),
        ValueKind::Number => Ok(compare(key, op, &whole(number(condition)?))),
        ValueKind::Attribute => Ok(compare(key, op, &Literal::Number(number(condition)?))),
        ValueKind::Word(words) => {
            let reason = format!("`{name}` is one of {}, which have no order", words.join(", "));
            let hint = match name.as_str() {
                "status" => format!(
                    "code{}{} compares response statuses",
                    condition.operator.sign(),
                    condition.value.text
                ),
                _ => format!("write {name}:{}", words[0]),
            };
            Err(SyntaxError::new(condition.operator_offset, reason, hint))
        }
        ValueKind::Text => {
            let reason = format!("`{name}` is text, which has no order");
            Err(SyntaxError::new(
                condition.operator_offset,
                reason,
                format!("write {name}:TEXT or {name}~REGEX"),
            ))
        }
    }
}
