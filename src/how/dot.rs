//! Both drawings in Graphviz's language.

use crate::how::story::{RequestPath, Step};

pub(crate) fn of_request(path: &RequestPath) -> String {
    let mut lines = vec![String::from("digraph request_path {"), HEAD.into()];
    let steps = path.steps.iter();
    let patterns: String = path.routes.iter().map(|tried| format!("\\n{}", tried.pattern)).collect();
    lines.extend(steps.map(|step| node(step, if step.name == "Router" { &patterns } else { "" })));
    lines.push(chain(&path.steps));
    for lane in &path.lanes {
        lines.push(node(&lane.step, ""));
        lines.push(format!("  Router -> {:?};", lane.step.name));
        lines.push(format!("  {:?} -> You [style=dotted, color=\"#c8102e\"];", lane.step.name));
        let mut to = &lane.step;
        for source in &lane.sources {
            lines.push(node(source, ""));
            lines.push(format!("  {:?} -> {:?} [style=dashed];", source.name, to.name));
            to = source;
        }
    }
    lines.join("\n") + "\n}\n"
}

pub(crate) fn of_production(steps: &[Step]) -> String {
    let mut lines = vec![String::from("digraph production {"), HEAD.into()];
    lines.extend(steps.iter().map(|step| node(step, "")));
    lines.push(chain(steps));
    lines.join("\n") + "\n}\n"
}

const HEAD: &str = "  node [shape=box, style=rounded, fontname=\"sans-serif\"];";

fn node(step: &Step, more: &str) -> String {
    let original = if step.original.is_empty() { String::new() } else { format!("\\n({})", step.original) };
    format!("  {:?} [label=\"{}\\n{}{original}{more}\"];", step.name, step.name, step.short)
}

fn chain(steps: &[Step]) -> String {
    let names: Vec<_> = steps.iter().map(|step| format!("{:?}", step.name)).collect();
    format!("  {};", names.join(" -> "))
}
