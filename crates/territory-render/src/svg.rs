//! The page: title, map, legend, scale bar.

use crate::areas::{Label, areas};
use crate::colour::{NO_TERRITORY, PALETTE, colours, territory_neighbours};
use crate::dots::dots;
use crate::frame::{Frame, GRID, MARGIN, PAGE_WIDTH};
use crate::{LegendRow, Map, Shapes};
use std::fmt::Write;

const HEAD: f64 = 92.0;
const LEGEND_ROW: f64 = 22.0;
const STYLE: &str = "text{font-family:'Helvetica Neue',Helvetica,Arial,'Noto Sans','Noto Sans CJK SC',sans-serif;fill:#1f2933}\
.t{font-size:26px;font-weight:600}.s{font-size:15px;fill:#5f6b76}.g{font-size:14px}.v{fill:#5f6b76}\
.a{stroke:#fff;stroke-linejoin:round}.u{fill:none;stroke:#fff;stroke-width:2;stroke-opacity:.5;stroke-linejoin:round}\
.l{fill:none;stroke-width:7;stroke-opacity:.5}.d{fill:none;stroke-linecap:round}\
.n{text-anchor:middle;font-weight:600;paint-order:stroke;stroke:#fff;stroke-opacity:.65;stroke-width:2.5px;stroke-linejoin:round}";

/// The whole picture.
pub(crate) fn draw(map: &Map<'_>) -> String {
    let frame = Frame::around(&map.shapes);
    let colour = colours(&territory_neighbours(map.graph, map.assignment, map.names.len()));
    let fill = |t: usize| colour.get(t).map_or(NO_TERRITORY, |&c| PALETTE[c]);
    let legend_top = HEAD + frame.height + 44.0;
    let height = legend_top + LEGEND_ROW * map.legend.len().max(1) as f64 + 6.0;
    let mut svg = String::new();
    // Writing to a string cannot fail; the results are dropped throughout.
    let _ = write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PAGE_WIDTH} {height:.0}" role="img"><title>{title}</title><style>{STYLE}</style><rect width="{PAGE_WIDTH}" height="{height:.0}" fill="#fff"/>
<text class="t" x="{MARGIN}" y="46">{title}</text><text class="s" x="{MARGIN}" y="70">{subtitle}</text>
<g transform="translate({x:.1} {HEAD})">"##,
        title = escape(&map.title),
        subtitle = escape(&map.subtitle),
        x = MARGIN + frame.inset,
    );
    let shrink = 1.0 / GRID;
    let labels = match map.shapes {
        Shapes::Polygons(polygons) => {
            let found = areas(polygons, &frame, map.assignment, map.names, map.budget);
            // Borders thin out where territories are many and small.
            let area_each = frame.height * (PAGE_WIDTH - 2.0 * (MARGIN + frame.inset)) / map.names.len().max(1) as f64;
            let border = (0.03 * area_each.sqrt()).clamp(0.5, 1.6) * GRID;
            let _ = writeln!(svg, r#"<g transform="scale({shrink})" class="a" stroke-width="{border:.1}">"#);
            for (t, data) in found.fills.iter().enumerate().filter(|f| !f.1.is_empty()) {
                let _ = writeln!(svg, r#"<path fill="{}" d="{data}">{}</path>"#, fill(t), hint(map, t));
            }
            let _ = writeln!(svg, r#"<path class="u" d="{}"/></g>"#, found.unit_borders);
            found.labels
        }
        Shapes::Points(locations) => {
            let found = dots(locations, &frame, map.graph, map.assignment, map.names);
            let _ = writeln!(svg, r#"<g transform="scale({shrink})">"#);
            for (t, data) in found.links.iter().enumerate().filter(|l| !l.1.is_empty()) {
                let _ = writeln!(svg, r#"<path class="l" stroke="{}" d="{data}"/>"#, fill(t));
            }
            let _ = writeln!(svg, r#"<g stroke-width="{:.0}">"#, found.radius * 2.0 * GRID);
            for (t, data) in found.dots.iter().enumerate().filter(|d| !d.1.is_empty()) {
                let _ = writeln!(svg, r#"<path class="d" stroke="{}" d="{data}">{}</path>"#, fill(t), hint(map, t));
            }
            svg.push_str("</g></g>\n");
            found.labels
        }
    };
    write_labels(&mut svg, &labels, map.names);
    svg.push_str("</g>\n");
    write_legend(&mut svg, &map.legend, legend_top);
    write_scale_bar(&mut svg, frame.scale, legend_top);
    svg.push_str("</svg>\n");
    svg
}

fn hint(map: &Map<'_>, territory: usize) -> String {
    let Some(name) = map.names.get(territory) else { return "<title>no territory</title>".to_owned() };
    match map.notes.get(territory) {
        Some(note) => format!("<title>{} · {}</title>", escape(name), escape(note)),
        None => format!("<title>{}</title>", escape(name)),
    }
}

fn write_labels(svg: &mut String, labels: &[Label], names: &[String]) {
    svg.push_str(r#"<g class="n">"#);
    for Label { territory, at: [x, y], size } in labels {
        let name = names.get(*territory).map_or("", String::as_str);
        // The middle of capitals and digits stands 0.35 em above the base line.
        let base = y + 0.35 * size;
        let _ = write!(svg, r#"<text x="{x:.1}" y="{base:.1}" font-size="{size:.1}">{}</text>"#, escape(name));
    }
    svg.push_str("</g>");
}

fn write_legend(svg: &mut String, rows: &[LegendRow], top: f64) {
    for (i, row) in rows.iter().enumerate() {
        let y = top + LEGEND_ROW * i as f64;
        let (x, middle) = (MARGIN + 6.0, y - 5.0);
        // A disc where the bounds hold, a triangle where they do not: the shape tells, not the colour alone.
        let _ = if row.holds {
            write!(svg, r##"<circle cx="{x}" cy="{middle:.1}" r="5" fill="#3f9d6d"/>"##)
        } else {
            write!(svg, r##"<path d="M{x} {:.1}l6.5 11h-13z" fill="#c8402f"/>"##, middle - 6.5)
        };
        let _ = writeln!(
            svg,
            r#"<text class="g" x="{}" y="{y:.1}">{}<tspan class="v" dx="8">{}</tspan></text>"#,
            MARGIN + 20.0,
            escape(&row.label),
            escape(&row.value)
        );
    }
}

fn write_scale_bar(svg: &mut String, pixels_per_km: f64, top: f64) {
    let widest_km = 200.0 / pixels_per_km;
    let power = 10f64.powf(widest_km.log10().floor());
    let km = [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|&km| km <= widest_km).unwrap_or(power);
    let (width, right) = (km * pixels_per_km, PAGE_WIDTH - MARGIN);
    let text = if km >= 1.0 { format!("{km} km") } else { format!("{} m", (km * 1000.0 * 1000.0).round() / 1000.0) };
    if !(width.is_finite() && width > 0.0) {
        return;
    }
    let (left, half, y) = (right - width, width / 2.0, top - 9.0);
    let _ = writeln!(
        svg,
        r##"<path d="M{left:.1} {y}h{half:.1}v5h-{half:.1}z" fill="#1f2933"/><path d="M{left:.1} {y}h{width:.1}v5h-{width:.1}z" fill="none" stroke="#1f2933"/><text class="g" x="{right}" y="{:.1}" text-anchor="end">{text}</text>"##,
        y - 6.0
    );
}

/// Text as XML content: markup escaped, characters that XML 1.0 cannot hold replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push('\u{fffd}')
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::{Map, Shapes};
    use territory::adjacency::{Edge, EdgeKind, Graph};
    use territory::geometry::Polygons;
    use territory::{Locations, Space};

    fn names(k: usize) -> Vec<String> {
        (1..=k).map(|t| format!("区域 {t} <&>\u{1}")).collect()
    }

    fn squares(n: usize, space: Space) -> Polygons {
        let mut polygons = Polygons::new(space);
        for i in 0..n * n {
            let (x, y) = ((i % n) as f64, (i / n) as f64);
            for vertex in [[x, y], [x + 1.0, y], [x + 1.0, y + 1.0], [x, y + 1.0]] {
                polygons.push_vertex(vertex);
            }
            polygons.end_ring();
            polygons.end_part();
            polygons.end_unit();
        }
        polygons
    }

    #[test]
    fn text_is_escaped_and_every_territory_is_drawn() {
        let polygons = squares(6, Space::Geographic);
        let assignment: Vec<u32> = (0..36).map(|i| i / 12).collect();
        let names = names(3);
        let graph = Graph::from_edges(36, &[Edge::new(0, 20, EdgeKind::Border, 1.0)]);
        let map = Map::new(Shapes::Polygons(&polygons), &graph, &assignment, &names);
        let svg = map.title("a < b & \"c\"").legend("人口", "±3 %", false).to_svg();
        assert!(svg.contains("<title>a &lt; b &amp; &quot;c&quot;</title>"));
        assert_eq!(svg.matches("区域").count(), 6, "a fill with its hint and a label for each of three");
        assert_eq!(svg.matches("<path fill=\"#").count(), 3);
        assert!(!svg.contains('\u{1}') && svg.contains("人口"));
    }

    #[test]
    fn nothing_strange_breaks_the_picture() {
        let (none, graph) = (Polygons::new(Space::Planar), Graph::from_edges(0, &[]));
        for svg in [
            Map::new(Shapes::Polygons(&none), &graph, &[], &[]).to_svg(),
            Map::new(Shapes::Polygons(&squares(2, Space::Planar)), &graph, &[9, 0], &names(2)).to_svg(),
            Map::new(Shapes::Points(&Locations::default()), &graph, &[], &names(1)).to_svg(),
            Map::new(
                Shapes::Points(&Locations::from_coordinates(Space::Planar, &[[f64::NAN, 0.0], [1.0, 1.0], [1.0, 1.0]])),
                &graph,
                &[0, 0, 7],
                &names(1),
            )
            .to_svg(),
        ] {
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn a_small_budget_makes_a_small_picture() {
        // A ring with a jagged rim.
        let mut polygons = Polygons::new(Space::Planar);
        for i in 0..20_000 {
            let (angle, radius) = (f64::from(i) / 20_000.0 * std::f64::consts::TAU, 1000.0 + f64::from(i % 7) * 4.0);
            polygons.push_vertex([radius * angle.cos(), radius * angle.sin()]);
        }
        polygons.end_ring();
        polygons.end_part();
        polygons.end_unit();
        let graph = Graph::from_edges(1, &[]);
        let draw = |budget| {
            let names = names(1);
            Map::new(Shapes::Polygons(&polygons), &graph, &[0], &names).byte_budget(budget).to_svg().len()
        };
        assert!(draw(2_000) < 10_000 && draw(100_000) > 40_000, "{} and {} bytes", draw(2_000), draw(100_000));
    }
}
