//! Tables for notebooks.

/// A table of these columns and rows, with all text escaped.
pub fn table(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let cells = |tag: &str, texts: &mut dyn Iterator<Item = String>| {
        texts.map(|text| format!("<{tag}>{}</{tag}>", escaped(&text))).collect::<String>()
    };
    let head = cells("th", &mut columns.iter().map(|&column| column.to_owned()));
    let body: String =
        rows.map(|row| format!("<tr>{}</tr>", cells("td", &mut row.into_iter()))).collect();
    format!("<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
