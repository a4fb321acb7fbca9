//! Pictures of the screens for documents: a buffer of cells as SVG.
//!
//! Every cell stands at a fixed place of a grid. Blocks, lines and braille are drawn as shapes, so that a picture does
//! not depend on the fonts of its reader; everything else is text. The same buffer gives the same bytes.

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::fmt::Write;

/// `buffer` as an SVG picture on a dark background.
pub fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (x(columns) + 2.0 * MARGIN, y(rows) + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         font-family=\"{FONTS}\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n"
    );
    for row in 0..rows {
        let cells: Vec<&Cell> = (0..columns)
            .filter_map(|column| buffer.cell((buffer.area.x + column, buffer.area.y + row)))
            .collect();
        backgrounds(&mut svg, row, &cells);
        foregrounds(&mut svg, row, &cells);
    }
    svg + "</g>\n</svg>\n"
}

/// One rectangle for each run of cells with the same background.
fn backgrounds(svg: &mut String, row: u16, cells: &[&Cell]) {
    let mut column = 0;
    for run in cells.chunk_by(|one, other| Look::of(one).background == Look::of(other).background) {
        if let Some(background) = run.first().and_then(|cell| Look::of(cell).background) {
            rect(svg, (x(column), y(row)), (x(run.len() as u16), HEIGHT), &format!("fill=\"{background}\""));
        }
        column += run.len() as u16;
    }
}

/// One element for each run of text and each shape with the same look; blanks end a run of text, which keeps the grid.
fn foregrounds(svg: &mut String, row: u16, cells: &[&Cell]) {
    let mut column = 0;
    for run in cells.chunk_by(|one, other| {
        kind(one) == kind(other) && shade(one) == shade(other) && Look::of(one) == Look::of(other)
    }) {
        let (look, at) = (Look::of(run[0]), (x(column), y(row)));
        match kind(run[0]) {
            Kind::Blank => {}
            Kind::Shapes => shapes(svg, at, run, &look),
            Kind::Ascii => text(svg, at, &run.iter().map(|cell| cell.symbol()).collect::<String>(), &look),
            Kind::Other => {
                for (index, cell) in run.iter().enumerate() {
                    text(svg, (at.0 + x(index as u16), at.1), cell.symbol(), &look);
                }
            }
        }
        column += run.len() as u16;
    }
}

/// How a cell is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Shapes,
    Ascii,
    Other,
}

fn kind(cell: &Cell) -> Kind {
    match cell.symbol().chars().next() {
        None | Some(' ' | '\u{2800}') => Kind::Blank,
        Some(character) if character.is_ascii() => Kind::Ascii,
        Some('\u{2500}'..='\u{259f}' | '\u{2801}'..='\u{28ff}') => Kind::Shapes,
        Some(_) => Kind::Other,
    }
}

fn shapes(svg: &mut String, at: (f64, f64), run: &[&Cell], look: &Look) {
    let (mut filled, mut lines) = (String::new(), String::new());
    for (index, cell) in run.iter().enumerate() {
        let at = (at.0 + x(index as u16), at.1);
        match cell.symbol().chars().next() {
            Some(pattern @ '\u{2800}'..='\u{28ff}') => dots(&mut filled, at, pattern as u32 - 0x2800),
            Some(symbol @ '\u{2580}'..='\u{259f}') => block(&mut filled, at, symbol),
            Some(symbol) => stroke(&mut lines, at, symbol),
            None => {}
        }
    }
    if !filled.is_empty() {
        let edges = if run[0].symbol() < "\u{2800}" { CRISP } else { "" };
        let style = format!("fill=\"{}\"{edges}{}", look.colour, look.opacity(shade(run[0])));
        path(svg, &filled, &style);
    }
    if !lines.is_empty() {
        let width = if run[0].symbol() == "━" { 2.4 } else { 1.0 };
        let style = format!("stroke=\"{}\" stroke-width=\"{width}\"{}", look.colour, look.opacity(1.0));
        path(svg, &lines, &format!("fill=\"none\" {style}"));
    }
}

/// How much of its cell a shade covers; 1 for all other shapes.
fn shade(cell: &Cell) -> f64 {
    match cell.symbol() {
        "░" => 0.25,
        "▒" => 0.5,
        "▓" => 0.75,
        _ => 1.0,
    }
}

/// The dots of a braille pattern, in the order of their bits.
fn dots(path: &mut String, at: (f64, f64), pattern: u32) {
    const PLACES: [(f64, f64); 8] =
        [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
    for (_, (column, row)) in PLACES.iter().enumerate().filter(|(bit, _)| pattern & (1 << bit) != 0) {
        let (centre_x, centre_y) = (at.0 + (column + 0.5) * WIDTH / 2.0, at.1 + (row + 0.5) * HEIGHT / 4.0);
        square(path, (centre_x - 1.0, centre_y - 1.0), (2.0, 2.0));
    }
}

fn block(path: &mut String, at: (f64, f64), character: char) {
    let eighths = f64::from(character as u32 - 0x2580) / 8.0;
    match character {
        '░' | '▒' | '▓' => square(path, at, (WIDTH, HEIGHT)),
        '▀' => square(path, at, (WIDTH, HEIGHT / 2.0)),
        '▁'..='█' => {
            let height = HEIGHT * eighths;
            square(path, (at.0, at.1 + HEIGHT - height), (WIDTH, height));
        }
        '▉'..='▏' => square(path, at, (WIDTH * (2.0 - eighths), HEIGHT)),
        _ => square(path, (at.0 + WIDTH / 2.0, at.1), (WIDTH / 2.0, HEIGHT)),
    }
}

fn stroke(path: &mut String, (left, top): (f64, f64), character: char) {
    let (right, bottom) = (left + WIDTH, top + HEIGHT);
    let (middle, centre) = (left + WIDTH / 2.0, top + HEIGHT / 2.0);
    let _ = match character {
        '│' | '┃' => write!(path, "M{middle:.1} {top:.1}V{bottom:.1} "),
        '╭' => write!(path, "M{middle:.1} {bottom:.1}Q{middle:.1} {centre:.1} {right:.1} {centre:.1} "),
        '╮' => write!(path, "M{middle:.1} {bottom:.1}Q{middle:.1} {centre:.1} {left:.1} {centre:.1} "),
        '╰' => write!(path, "M{middle:.1} {top:.1}Q{middle:.1} {centre:.1} {right:.1} {centre:.1} "),
        '╯' => write!(path, "M{middle:.1} {top:.1}Q{middle:.1} {centre:.1} {left:.1} {centre:.1} "),
        '╌' => dashes(path, (left, centre), 2),
        '┈' => dashes(path, (left, centre), 4),
        _ => write!(path, "M{left:.1} {centre:.1}H{right:.1} "),
    };
}

fn dashes(path: &mut String, (left, centre): (f64, f64), count: u32) -> std::fmt::Result {
    let length = WIDTH / f64::from(count);
    (0..count).try_for_each(|index| {
        write!(path, "M{:.1} {centre:.1}h{:.1} ", left + length * (f64::from(index) + 0.2), length * 0.6)
    })
}

fn square(path: &mut String, (left, top): (f64, f64), (width, height): (f64, f64)) {
    let _ = write!(path, "M{left:.1} {top:.1}h{width:.2}v{height:.2}h-{width:.2}z ");
}

fn path(svg: &mut String, path: &str, style: &str) {
    let _ = writeln!(svg, "<path d=\"{}\" {style}/>", path.trim_end());
}

fn rect(svg: &mut String, (left, top): (f64, f64), (width, height): (f64, f64), style: &str) {
    let _ = writeln!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" {style}/>"
    );
}

fn text(svg: &mut String, (left, top): (f64, f64), text: &str, look: &Look) {
    let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
    let baseline = top + BASELINE;
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{left:.1}\" y=\"{baseline:.1}\" fill=\"{}\"{weight}{}>{escaped}</text>",
        look.colour,
        look.opacity(1.0)
    );
}

/// The style of a cell as SVG knows it.
#[derive(PartialEq)]
struct Look {
    colour: String,
    background: Option<String>,
    bold: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (colour, background) = (colour(cell.fg), colour(cell.bg));
        let (colour, background) = if cell.modifier.contains(Modifier::REVERSED) {
            (background.unwrap_or(BACKGROUND.to_owned()), colour.or(Some(FOREGROUND.to_owned())))
        } else {
            (colour.unwrap_or(FOREGROUND.to_owned()), background)
        };
        let has = |modifier| cell.modifier.contains(modifier);
        Self { colour, background, bold: has(Modifier::BOLD), dim: has(Modifier::DIM) }
    }

    fn opacity(&self, shade: f64) -> String {
        let opacity = if self.dim { shade * DIM } else { shade };
        if opacity < 1.0 { format!(" opacity=\"{opacity}\"") } else { String::new() }
    }
}

fn colour(colour: Color) -> Option<String> {
    let named = match colour {
        Color::Reset | Color::Indexed(_) => return None,
        Color::Rgb(red, green, blue) => return Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Black => "#1b2028",
        Color::Red => "#f07178",
        Color::Green => "#8ccf7e",
        Color::Yellow => "#e5c76b",
        Color::Blue => "#67a6f0",
        Color::Magenta => "#c47fd5",
        Color::Cyan => "#5fc9c9",
        Color::Gray => "#b3b9b8",
        Color::DarkGray => "#6b7280",
        Color::LightRed => "#f78c8c",
        Color::LightGreen => "#a6e39a",
        Color::LightYellow => "#f4d67a",
        Color::LightBlue => "#8fc1ff",
        Color::LightMagenta => "#f0a3d9",
        Color::LightCyan => "#8be0e0",
        Color::White => "#ffffff",
    };
    Some(named.to_owned())
}

fn x(columns: u16) -> f64 {
    f64::from(columns) * WIDTH
}

fn y(rows: u16) -> f64 {
    f64::from(rows) * HEIGHT
}

const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const BASELINE: f64 = 13.5;
const MARGIN: f64 = 12.0;
/// What is left of a dim colour.
const DIM: f64 = 0.6;
/// Neighbouring blocks meet without a seam.
const CRISP: &str = " shape-rendering=\"crispEdges\"";
const BACKGROUND: &str = "#10151c";
const FOREGROUND: &str = "#dadfe5";
const FONTS: &str = "'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace";

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::{layout::Rect, style::Style};

    fn drawn(symbols: &str, style: Style) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, symbols.chars().count() as u16, 1));
        buffer.set_string(0, 0, symbols, style);
        let svg = svg(&buffer);
        let start = svg.find("<g ").expect("there is a group");
        svg[start..].lines().skip(1).take_while(|line| *line != "</g>").collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn words_stand_at_their_columns_and_are_escaped() {
        insta::assert_snapshot!(drawn("a <b>  c", Style::new().fg(Color::Green)), @r##"
        <text x="0.0" y="13.5" fill="#8ccf7e">a</text>
        <text x="16.8" y="13.5" fill="#8ccf7e">&lt;b&gt;</text>
        <text x="58.8" y="13.5" fill="#8ccf7e">c</text>
        "##);
    }

    #[test]
    fn blocks_lines_and_dots_are_shapes() {
        insta::assert_snapshot!(drawn("▄▌", Style::new()), @r##"<path d="M0.0 9.0h8.40v9.00h-8.40z M8.4 0.0h4.20v18.00h-4.20z" fill="#dadfe5" shape-rendering="crispEdges"/>"##);
        insta::assert_snapshot!(drawn("╭─", Style::new().add_modifier(Modifier::DIM)), @r##"<path d="M4.2 18.0Q4.2 9.0 8.4 9.0 M8.4 9.0H16.8" fill="none" stroke="#dadfe5" stroke-width="1" opacity="0.6"/>"##);
        insta::assert_snapshot!(drawn("⡀", Style::new()), @r##"<path d="M1.1 14.8h2.00v2.00h-2.00z" fill="#dadfe5"/>"##);
    }

    #[test]
    fn reversed_cells_swap_their_colours() {
        insta::assert_snapshot!(drawn("x", Style::new().fg(Color::Cyan).add_modifier(Modifier::REVERSED)), @r##"
        <rect x="0.0" y="0.0" width="8.4" height="18.0" fill="#5fc9c9"/>
        <text x="0.0" y="13.5" fill="#10151c">x</text>
        "##);
    }
}
