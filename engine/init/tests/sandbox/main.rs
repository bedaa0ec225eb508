//! Sandboxes as their users see them. Most of it takes root; without, each test says so and ends.

mod boot;
mod components;
mod components_change;
mod components_confined;
mod components_programs;
mod confinement;
mod supervision;
mod support;
