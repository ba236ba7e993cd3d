//! Services and messages of Coral's `.proto` files as Markdown, with the comments of the files.

use std::fmt::Write as _;

use coral_server::door::Permission;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    ServiceDescriptorProto,
};

/// Field numbers in `FileDescriptorProto`, `DescriptorProto`, …. Protobuf names the place of a
/// comment by a path of such numbers.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const MEMBERS: i32 = 2;

/// A section for `file`, with a subsection for each method, message and enum.
pub fn section(file: &FileDescriptorProto, permission: impl Fn(&str) -> Permission) -> String {
    let mut text = String::new();
    for (at, service) in (0..).zip(&file.service) {
        methods(file, at, service, &permission, &mut text);
    }
    for (at, message) in (0..).zip(&file.message_type) {
        fields(file, at, message, &mut text);
    }
    for (at, values) in (0..).zip(&file.enum_type) {
        enumeration(file, at, values, &mut text);
    }
    text
}

fn methods(
    file: &FileDescriptorProto,
    at: i32,
    service: &ServiceDescriptorProto,
    permission: &impl Fn(&str) -> Permission,
    text: &mut String,
) {
    for (method_at, method) in (0..).zip(&service.method) {
        let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
        let (asked, answered) = (link(method.input_type()), link(method.output_type()));
        let _ = writeln!(
            text,
            "\n### `{path}`\n\n{}\n\nPermission `{}`. Request: {asked}. Answer: {answered}.",
            comment(file, &[SERVICES, at, MEMBERS, method_at]),
            permission(&path)
        );
    }
}

fn fields(file: &FileDescriptorProto, at: i32, message: &DescriptorProto, text: &mut String) {
    heading(message.name(), &comment(file, &[MESSAGES, at]), text);
    text.push_str("| number | field | type | meaning |\n| --- | --- | --- | --- |\n");
    for (field_at, field) in (0..).zip(&message.field) {
        let meaning = comment(file, &[MESSAGES, at, MEMBERS, field_at]);
        assert!(!meaning.is_empty(), "{}.{} has no comment", message.name(), field.name());
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {meaning} |",
            field.number(),
            field.name(),
            kind(message, field)
        );
    }
}

fn enumeration(
    file: &FileDescriptorProto,
    at: i32,
    values: &EnumDescriptorProto,
    text: &mut String,
) {
    heading(values.name(), &comment(file, &[ENUMS, at]), text);
    text.push_str("| number | value | meaning |\n| --- | --- | --- |\n");
    for (value_at, value) in (0..).zip(&values.value) {
        let meaning = comment(file, &[ENUMS, at, MEMBERS, value_at]);
        let _ = writeln!(text, "| {} | `{}` | {meaning} |", value.number(), value.name());
    }
}

fn heading(name: &str, comment: &str, text: &mut String) {
    let comment = if comment.is_empty() { String::new() } else { format!("{comment}\n\n") };
    let _ = write!(text, "\n### {name}\n\n{comment}");
}

/// The type of a field, such as `repeated double`.
fn kind(message: &DescriptorProto, field: &FieldDescriptorProto) -> String {
    let name = match field.r#type() {
        Type::Message | Type::Enum => {
            let name = field.type_name();
            let entry = name.rsplit('.').next().unwrap_or_default();
            let map = message.nested_type.iter().find(|nested| nested.name() == entry);
            if let Some(map) = map {
                let members: Vec<String> =
                    map.field.iter().map(|member| kind(message, member)).collect();
                return format!("map of {}", members.join(" to "));
            }
            link(name)
        }
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    match field.label() {
        Label::Repeated => format!("repeated {name}"),
        _ if field.proto3_optional() => format!("optional {name}"),
        _ => name,
    }
}

/// A link to the section of a type of Coral; the name of any other type.
fn link(name: &str) -> String {
    let name = name.trim_start_matches('.');
    match name.strip_prefix("coral.") {
        Some(ours) => {
            let last = ours.rsplit('.').next().unwrap_or(ours);
            format!("[{last}](#{})", last.to_lowercase())
        }
        None => format!("`{name}`"),
    }
}

/// The comment of the item at `path`, on one line.
fn comment(file: &FileDescriptorProto, path: &[i32]) -> String {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    let found = locations.into_iter().find(|location| location.path == path);
    let words = found.map(|location| location.leading_comments()).unwrap_or_default();
    words.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
