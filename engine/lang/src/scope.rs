//! Element classes and compound bodies while a configuration is read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::diagnostic::Landmark;

/// How many missing ports of one compound are named before it is enough.
const MISSING_SHOWN: usize = 16;

/// Index of a class in [`Classes`].
pub(crate) type ClassId = usize;

/// What a class is.
#[derive(Clone)]
pub(crate) enum Class {
    /// Implemented by the engine.
    Primitive(String),
    /// Named in the configuration, but defined nowhere; already reported.
    Unknown(String),
    /// Defined by `elementclass` or in place. The second is the next overload.
    Compound(Rc<Body>, Option<ClassId>),
}

/// All classes, and which name means which in the open scopes.
pub(crate) struct Classes {
    all: Vec<Class>,
    scopes: Vec<HashMap<String, ClassId>>,
}

impl Classes {
    pub(crate) fn new() -> Self {
        Classes {
            all: Vec::new(),
            scopes: vec![HashMap::new()],
        }
    }

    pub(crate) fn get(&self, id: ClassId) -> &Class {
        &self.all[id]
    }

    pub(crate) fn find(&self, name: &str) -> Option<ClassId> {
        self.scopes.iter().rev().find_map(|s| s.get(name)).copied()
    }

    pub(crate) fn add(&mut self, class: Class) -> ClassId {
        self.all.push(class);
        self.all.len() - 1
    }

    /// Gives `id` a name in the innermost scope.
    pub(crate) fn name(&mut self, name: &str, id: ClassId) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_string(), id);
        }
    }

    /// Gives `id` a name in the outermost scope.
    pub(crate) fn name_everywhere(&mut self, name: &str, id: ClassId) {
        if let Some(scope) = self.scopes.first_mut() {
            scope.insert(name.to_string(), id);
        }
    }

    pub(crate) fn enter(&mut self) {
        self.scopes.push(HashMap::new());
    }

    pub(crate) fn leave(&mut self) {
        self.scopes.pop();
    }
}

/// What an element of a body is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// An instance of a class.
    Instance(ClassId),
    /// Where packets enter (`input`) or leave (`output`) the surroundings.
    Input,
    Output,
    /// An element group seen from outside. Its inside ends are the next two elements.
    Group,
}

/// An element declared in a body.
pub(crate) struct BodyElement {
    pub name: String,
    /// The name is made up and changes if somebody declared the same.
    pub anonymous: bool,
    pub role: Role,
    pub config: String,
    pub landmark: Landmark,
}

/// A connection between elements of one body.
#[derive(Clone)]
pub(crate) struct BodyConnection {
    pub from: (usize, u32),
    pub to: (usize, u32),
    pub landmark: Landmark,
}

/// One parameter of a compound: `$name`, or `KEYWORD $name`.
pub(crate) struct Formal {
    pub name: String,
    pub keyword: String,
}

/// The ports of an element that connections use, by direction.
#[derive(Default, Clone)]
pub(crate) struct UsedPorts {
    pub inputs: BTreeSet<u32>,
    pub outputs: BTreeSet<u32>,
}

pub(crate) fn port_count(ports: &BTreeSet<u32>) -> usize {
    ports.last().map_or(0, |&p| p as usize + 1)
}

/// The inside of a compound class, or a whole file.
pub(crate) struct Body {
    pub name: String,
    pub landmark: Landmark,
    pub depth: usize,
    pub formals: Vec<Formal>,
    pub defines: Vec<(String, String)>,
    pub elements: Vec<BodyElement>,
    pub used: Vec<UsedPorts>,
    pub connections: Vec<BodyConnection>,
    index: HashMap<String, usize>,
    variables: HashSet<String>,
    /// Elements that do not count in the numbers of anonymous names.
    uncounted: usize,
}

impl Body {
    pub(crate) fn new(name: &str, landmark: Landmark, depth: usize) -> Self {
        let mut body = Body {
            name: name.to_string(),
            landmark,
            depth,
            formals: Vec::new(),
            defines: Vec::new(),
            elements: Vec::new(),
            used: Vec::new(),
            connections: Vec::new(),
            index: HashMap::new(),
            variables: HashSet::new(),
            uncounted: 0,
        };
        if depth > 0 {
            for (name, role) in [("input", Role::Input), ("output", Role::Output)] {
                let landmark = body.landmark.clone();
                body.add(name, false, role, String::new(), landmark);
            }
            body.uncounted = 2;
        }
        body
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Declares variable `name`; false if there is one already.
    pub(crate) fn declare_variable(&mut self, name: &str) -> bool {
        self.variables.insert(name.to_string())
    }

    /// Makes `name` mean `element`, or nothing; returns what it meant.
    pub(crate) fn rebind(&mut self, name: &str, element: Option<usize>) -> Option<usize> {
        match element {
            Some(element) => self.index.insert(name.to_string(), element),
            None => self.index.remove(name),
        }
    }

    /// The next anonymous name for `class`.
    pub(crate) fn anonymous_name(&self, class: &str) -> String {
        format!("{class}@{}", self.elements.len() - self.uncounted + 1)
    }

    pub(crate) fn add(
        &mut self,
        name: &str,
        anonymous: bool,
        role: Role,
        config: String,
        landmark: Landmark,
    ) -> usize {
        let id = self.elements.len();
        if !anonymous {
            self.index.insert(name.to_string(), id);
        }
        self.elements.push(BodyElement {
            name: name.to_string(),
            anonymous,
            role,
            config,
            landmark,
        });
        self.used.push(UsedPorts::default());
        id
    }

    pub(crate) fn connect(&mut self, from: (usize, u32), to: (usize, u32), landmark: Landmark) {
        self.used[from.0].outputs.insert(from.1);
        self.used[to.0].inputs.insert(to.1);
        self.connections.push(BodyConnection { from, to, landmark });
    }

    /// Settles the anonymous names: one that was declared too takes the next free number.
    pub(crate) fn settle_names(&mut self) {
        for id in 0..self.elements.len() {
            if !self.elements[id].anonymous {
                continue;
            }
            let mut name = self.elements[id].name.clone();
            if let Some((stem, number)) = self.elements[id].name.rsplit_once('@')
                && self.index.contains_key(&name)
            {
                let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
                let mut n: u64 = digits.parse().unwrap_or(0);
                while self.index.contains_key(&name) {
                    n += 1;
                    name = format!("{stem}@{n}");
                }
            }
            self.index.insert(name.clone(), id);
            self.elements[id].name = name;
        }
    }

    /// Problems with how the pseudoelements `input` and `output` are used, named for `shown`.
    pub(crate) fn check_ends(&self, input: usize, output: usize, shown: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let sides = [
            (
                "input",
                "output",
                &self.used[input].inputs,
                &self.used[input].outputs,
            ),
            (
                "output",
                "input",
                &self.used[output].outputs,
                &self.used[output].inputs,
            ),
        ];
        for (end, only, wrong, right) in sides {
            if !wrong.is_empty() {
                problems.push(format!(
                    "'{shown}' pseudoelement '{end}' may only be used as {only}"
                ));
            }
            let missing = (0..port_count(right) as u32).filter(|p| !right.contains(p));
            let missing = missing.take(MISSING_SHOWN);
            problems.extend(missing.map(|port| format!("'{shown}' {end} {port} missing")));
        }
        problems
    }

    /// Input and output ports that the compound has.
    pub(crate) fn ports(&self) -> (usize, usize) {
        (
            port_count(&self.used[0].outputs),
            port_count(&self.used[1].inputs),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anonymous_name_that_was_declared_takes_the_next_number() {
        let place = || Landmark::new("config", 1);
        let mut body = Body::new("", place(), 0);
        let name = body.anonymous_name("Idle");
        assert_eq!(name, "Idle@1");
        body.add(&name, true, Role::Instance(0), String::new(), place());
        body.add("Idle@1", false, Role::Instance(0), String::new(), place());
        body.add("Idle@2", false, Role::Instance(0), String::new(), place());
        body.settle_names();
        assert_eq!(body.elements[0].name, "Idle@3");
        assert_eq!(body.find("Idle@3"), Some(0));
    }

    #[test]
    fn pseudoelements_do_not_count_in_a_compound() {
        let body = Body::new("C", Landmark::new("config", 1), 1);
        assert_eq!(body.anonymous_name("Idle"), "Idle@1");
    }

    #[test]
    fn class_names_follow_the_scopes() {
        let mut classes = Classes::new();
        let a = classes.add(Class::Primitive("A".into()));
        classes.name("A", a);
        classes.enter();
        let inner = classes.add(Class::Unknown("A".into()));
        classes.name("A", inner);
        assert_eq!(classes.find("A"), Some(inner));
        classes.leave();
        assert_eq!(classes.find("A"), Some(a));
        assert_eq!(classes.find("B"), None);
    }
}
