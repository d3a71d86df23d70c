//! The class for a spreadsheet, and as a page.

use harness::grade::Record;
use harness::grade::export::Platform;

use crate::class::{all, hostile, is_shown_as_it_is, plain};

/// As RFC 4180 has it: lines of fields.
fn table(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let row = rows.last_mut().unwrap();
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => row.last_mut().unwrap().push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => assert_eq!(letters.peek(), Some(&'\n')),
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            letter => row.last_mut().unwrap().push(letter),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line is ended");
    rows
}

#[test]
fn the_table_has_a_row_for_each() {
    let rows = table(&all(Platform::Csv, &plain()));
    let head = [
        "submission",
        "status",
        "points",
        "of",
        "ungraded",
        "crashes",
        "Login",
        "Files",
        "Secret",
        "No warnings",
        "deductions",
        "reason",
    ];
    assert_eq!(rows[0], head);
    assert_eq!(rows[1], ["ann", "graded", "27.45", "50", "0", "1", "14.2", "13.25", "0", "5", "5", ""]);
    assert_eq!(rows.len(), 8);
}

#[test]
fn nothing_in_the_table_is_a_formula() {
    let rows = table(&all(Platform::Csv, &hostile()));
    assert_eq!(rows.len(), 8);
    for row in &rows {
        assert_eq!(row.len(), rows[0].len());
        for field in row {
            is_shown_as_it_is(field);
            let is_number = field.parse::<f64>().is_ok();
            assert!(is_number || !field.starts_with(['=', '+', '-', '@', '\t']), "{field}");
        }
    }
}

#[test]
fn the_page_says_which_sentence_was_not_understood() {
    let page = all(Platform::Class, &plain());
    let least = page.split("<ol class=\"least\">").nth(1).unwrap().split("</ol>").next().unwrap();
    assert!(least.contains("rfc959/login/user-pass") && least.contains("RFC 959 §"), "{least}");
    assert!(least.contains("0 of 2 passed"), "{least}");
    assert!(page.contains("5 of 7 submissions are graded. The median is 0 of 50."), "{page}");
    assert!(page.contains("Login (20)") && page.contains(">27.45</td>"), "{page}");
    assert_eq!(page.matches("<rect").count(), 10);
}

#[test]
fn the_page_has_only_our_elements() {
    let page = all(Platform::Class, &hostile());
    is_shown_as_it_is(&page);
    for ours in ["<script", "</script", "<style", "</style", "<main", "</main"] {
        assert_eq!(page.matches(ours).count(), 1, "{ours}");
    }
    for other in ["<!--", "alert(1)</", "src=", "@import", "url(", "http-equiv=\"refresh\"", "href=\"http"] {
        assert!(!page.contains(other), "{other}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_class_of_two_hundred_is_a_page_of_some_hundred_kilobytes() {
    let mut ann = plain()[0].clone();
    let scenarios: Vec<_> =
        crate::class::SUITE.scenarios().iter().take(300).map(|scenario| scenario.id.clone()).collect();
    ann.cases =
        scenarios.into_iter().map(|id| harness::grade::record::CaseRecord { id, ..ann.cases[1].clone() }).collect();
    let class: Vec<Record> =
        (0..200).map(|number| Record { submission: format!("student-{number}"), ..ann.clone() }).collect();
    let page = all(Platform::Class, &class);
    assert_eq!(page.matches("<th scope=\"row\">student-").count(), 200);
    assert!(page.len() < 400_000, "{}", page.len());
}
