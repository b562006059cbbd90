//! Tables for a person: cells in columns, the first at the left, the others at the right.

/// Rows as text, a head first; columns are as wide as their widest cell.
pub(crate) fn aligned(head: &[String], rows: &[Vec<String>]) -> String {
    let all = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let length = |cell: &String| cell.chars().count();
    let columns = all().map(<[String]>::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|c| all().filter_map(|row| row.get(c)).map(length).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in all() {
        let mut line = String::new();
        for (c, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width - length(cell));
            match c {
                0 => line.extend([cell.as_str(), &gap]),
                _ => line.extend(["  ", &gap, cell.as_str()]),
            }
        }
        text.extend([line.trim_end(), "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let words = |row: &[&str]| row.iter().map(|&w| w.to_owned()).collect::<Vec<_>>();
        let rows = [words(&["东区", "1,000"]), words(&["B", ""])];
        assert_eq!(aligned(&words(&["territory", "units"]), &rows), "territory  units\n东区         1,000\nB\n");
    }
}
