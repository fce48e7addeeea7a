//! The forms on the page of an incident.

use soar_host::views::WholeIncident;

use crate::pages::incident_parts::address;
use crate::parts::{Field, FormPanel};
use crate::visit::{Form, Frame};

/// The form of the tasks, if the incident has tasks.
pub(super) fn tasks(frame: &Frame, whole: &WholeIncident, form: &Form) -> Option<FormPanel> {
    let fields = whole.tasks.iter().enumerate().map(|(number, task)| {
        let label = if task.required { format!("{} (required)", task.name) } else { task.name.clone() };
        Field::checkbox(format!("done.{number}"), label, task.done)
    });
    let mut panel = FormPanel::new(frame, "tasks", "Tasks", &format!("{}/tasks", address(&whole.incident.number)))
        .fields(form, fields)
        .button("Save the tasks")
        .plain();
    for task in &whole.tasks {
        panel = panel.hidden("task", &task.name);
    }
    (!whole.tasks.is_empty()).then_some(panel)
}

/// The form that links an incident. `own` is the incident's address.
pub(super) fn link(frame: &Frame, own: &str, form: &Form) -> FormPanel {
    let field = Field::lines("incidents", "Numbers of incidents")
        .help("One per line. All of them are linked, or none if one cannot be linked.")
        .required();
    FormPanel::new(frame, "link", "Link with incidents", &format!("{own}/links"))
        .fields(form, [field])
        .button("Link")
        .plain()
}
