//! The HTML report in a browser: every chart is drawn, nothing runs over, nothing is executed.

use crate::{
    recorded::{Recorded, Scratch},
    webdriver::Browser,
};
use posfleet::report::{Archive, html_report};
use std::{fs, path::PathBuf};

#[test]
fn a_report_is_whole_on_a_screen_and_on_a_phone() {
    let scratch = Scratch::new("browser-report");
    let file = page(&scratch, &Recorded { has_lab: true, ..Recorded::default() });
    let browser = Browser::open();
    for (name, width, height, is_phone) in [("screen", 1280, 900, false), ("phone", 360, 740, true)] {
        browser.resize(width, height, is_phone);
        browser.go(&format!("file://{}", file.display()));
        browser.wait("document.readyState === 'complete'");
        let undrawn = browser.run(UNDRAWN);
        assert_eq!(undrawn.to_string(), "[]", "{name}: charts without marks");
        assert_eq!(browser.run("return document.querySelectorAll('figure.chart').length"), 9);
        // A code; two devices with their cases and their time; a fault.
        assert_eq!(browser.run("return document.querySelectorAll('td.strip svg[role=img]').length"), 6);
        let spilling = browser.run(SPILLING);
        assert_eq!(spilling.to_string(), "[]", "{name}: charts wider than their place");
        let wide = browser.run("return document.documentElement.scrollWidth - window.innerWidth");
        assert!(wide.as_i64().unwrap() <= 0, "{name}: {wide} pixels too wide");
        assert_eq!(browser.run(OUTSIDE).to_string(), "[]", "{name}: text outside of the window");
        for is_dark in [false, true] {
            browser.dark(is_dark);
            browser.picture(&format!("report-{name}-{}", if is_dark { "dark" } else { "light" }));
        }
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn nothing_that_a_folder_says_is_executed() {
    let scratch = Scratch::new("browser-hostile");
    let evil =
        "</title><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";
    let run = Recorded { name: evil, steps: vec![evil], ..Recorded::default() };
    let browser = Browser::open();
    browser.go(&format!("file://{}", page(&scratch, &run).display()));
    browser.wait("document.readyState === 'complete'");
    let title = browser.run("return document.title");
    assert_eq!(title, format!("{evil} – FAIL"), "it is shown as what it is");
    assert_eq!(browser.run("return document.scripts.length + document.images.length"), 0);
    assert_eq!(browser.complaints(), [""; 0]);
}

fn page(scratch: &Scratch, run: &Recorded) -> PathBuf {
    let archive = Archive::open(&run.write(&scratch.0)).unwrap();
    let file = scratch.0.join("report.html");
    fs::write(&file, html_report(&archive).unwrap()).unwrap();
    file
}

/// The labels of charts none of whose lines, cells or bars is larger than nothing.
const UNDRAWN: &str = "
    const drawn = path => { const box = path.getBBox(); return box.width > 0 || box.height > 0 };
    return [...document.querySelectorAll('svg[role=img]')]
        .filter(picture => ![...picture.querySelectorAll('path.line, path.heat, path.bar, path.fault')].some(drawn))
        .map(picture => picture.getAttribute('aria-label'))";
/// The labels of charts that stick out of the window, and of strips that stick out of their table.
const SPILLING: &str = "
    const out = (inner, outer) => inner.left < outer.left - 1 || inner.right > outer.right + 1;
    const page = { left: 0, right: window.innerWidth };
    return [...document.querySelectorAll('svg[role=img]')]
        .filter(picture => {
            const table = picture.closest('table');
            return out(picture.getBoundingClientRect(), table ? table.getBoundingClientRect() : page);
        })
        .map(picture => picture.getAttribute('aria-label'))";
/// Text that can be seen, does not scroll, and lies outside of the window.
const OUTSIDE: &str = "
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node; (node = walk.nextNode());) {
        if (!node.data.trim() || node.parentElement.closest('.wide, pre, details, title')) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) {
            if (box.width && (box.left < 0 || box.right > window.innerWidth)) found.push(node.data);
        }
    }
    return found";
