//! What goes over data connections.

use super::content::Content;
use super::dialogue::{Exchange, Reply};
use super::listing::{self, Kind, Listed};
use super::script::{Travel, Writer, sequence, written};
use super::session::{Body, Carried};
use super::tree::Standing;
use super::yaml;
use crate::wire::deflate;

/// So much of a body that was broken off is taken again.
const TAKEN: u64 = 64 * 1024;
/// So much of a body in MODE Z is looked at.
const INFLATED: usize = 1 << 20;
/// A file whose transfer shall be broken off is larger than what sockets hold.
const UNENDING: u64 = 32 << 20;

impl Travel {
    /// How a step says it; nothing for octets as they are.
    fn words(self) -> String {
        let word = |letter: char, words: &[(char, &'static str)]| {
            words.iter().find(|(own, _)| *own == letter).map(|(_, word)| *word)
        };
        let words = [
            word(self.representation, &[('A', "ascii"), ('E', "ebcdic")]),
            word(self.structure, &[('R', "records"), ('P', "pages")]),
            word(self.mode, &[('B', "blocks"), ('C', "compressed"), ('Z', "deflated")]),
        ];
        let words: Vec<_> = words.into_iter().flatten().collect();
        if words.is_empty() { String::new() } else { format!(", form: {}", words.join(" ")) }
    }

    /// The same for octets that are not made into lines.
    fn words_of_octets(self) -> String {
        Self { representation: 'I', ..self }.words()
    }

    /// Whether bodies are more than octets or lines, one after the other.
    fn is_framed(self) -> bool {
        !matches!(self.representation, 'A' | 'I') || self.structure != 'F' || !matches!(self.mode, 'S' | 'Z')
    }

    /// What a body carries, as far as it is kept.
    fn carried(self, body: &Body) -> Body {
        let zipped = self.mode == 'Z' && !self.is_framed();
        if zipped { Body::of_octets(deflate::inflated(&body.kept, INFLATED), body.length) } else { body.clone() }
    }
}

impl Writer {
    /// A transfer: the reply that announces it, the body, the reply that ends it.
    pub(super) fn transfer(&mut self, exchange: &Exchange) {
        if !exchange.is_done() {
            return self.broken_off(exchange, &[]);
        }
        if self.private {
            self.step("tls: data");
        }
        let (announced, last) = self.announced(exchange);
        let body = self.body(exchange);
        self.step(&format!("data: {body}"));
        let code = last.map(|last| written(last.code)).unwrap_or_default();
        self.step(&if announced { format!("S: {code}") } else { format!("S: [125? | 150?, {code}]") });
        self.offset = 0;
    }

    /// Says the preliminary replies. Gives whether there was one, and the last reply.
    fn announced<'e>(&mut self, exchange: &'e Exchange) -> (bool, Option<&'e Reply>) {
        let before: Vec<_> = exchange.replies.iter().filter(|reply| reply.code / 100 == 1).cloned().collect();
        match before.as_slice() {
            [] => {}
            // Which of the two comes depends on whether the connection stands already.
            [Reply { code: 125 | 150, .. }] => self.step("S: 125 | 150"),
            replies => self.step(&format!("S: {}", sequence(replies))),
        }
        (!before.is_empty(), exchange.replies.last().filter(|last| last.code / 100 != 1))
    }

    /// A transfer that came to no good end, and what was said meanwhile.
    pub(super) fn broken_off(&mut self, exchange: &Exchange, meanwhile: &[Exchange]) {
        let nothing = Carried::default();
        let carried = exchange.body.as_ref().unwrap_or(&nothing);
        let (taken, given) = (carried.retrieved.length, carried.stored.length);
        let (_, last) = self.announced(exchange);
        self.offset = 0;
        if taken > 0 {
            self.remark(
                "A transfer was broken off. How far it came, and what the server then says, may depend on the time.",
            );
            if let Some(path) = self.place.path(&exchange.argument) {
                let content = self.tree.generated(taken.saturating_mul(2).clamp(UNENDING, UNENDING * 8));
                self.tree.has_file(&path, content);
            }
            self.step(&format!("data: {{ read: {} }}", taken.min(TAKEN)));
        } else if given > 0 {
            self.remark(
                "A transfer was broken off. How far it came, and what the server then says, may depend on the time.",
            );
            if let Some(path) = self.place.path(&exchange.argument) {
                self.tree.stored(&path, None);
            }
            let content = self.tree.content(&carried.stored.kept, given);
            self.step(&format!("data: {{ write: {} }}", content.written()));
        }
        for exchange in meanwhile {
            self.commands(std::slice::from_ref(exchange));
        }
        if taken > 0 || given > 0 {
            self.step("data: abandon");
        }
        if let Some(last) = last {
            self.step(&format!("S: {}", written(last.code)));
        }
        for exchange in meanwhile {
            self.replies(exchange);
        }
    }

    /// What goes over the connection, as the value of `data`.
    fn body(&mut self, exchange: &Exchange) -> String {
        let nothing = Carried::default();
        if exchange.body.is_none() {
            self.remark("What went over a data connection was not seen: it did not go through the relay.");
        }
        let carried = exchange.body.as_ref().unwrap_or(&nothing);
        match exchange.verb.as_str() {
            "RETR" => self.retrieved(exchange, &self.travel.carried(&carried.retrieved)),
            "STOR" | "APPE" | "STOU" => self.stored(exchange, &self.travel.carried(&carried.stored)),
            _ => self.listed(exchange, &self.travel.carried(&carried.retrieved)),
        }
    }

    fn retrieved(&mut self, exchange: &Exchange, body: &Body) -> String {
        let words = self.travel.words();
        let path = self.place.path(&exchange.argument);
        let Some(path) = path.filter(|_| !self.travel.is_framed() && exchange.body.is_some()) else {
            if let Some(path) = self.place.path(&exchange.argument) {
                self.tree.has_name(&path, None);
            }
            self.remark("A file is read here, and its octets are not compared.");
            return format!("{{ server-sends: anything{words} }}");
        };
        // Where the server sends LF alone, or as many octets as the file has, it sends what is stored.
        let raw = body.bare > 0 || self.tree.told_size(&path) == Some(body.length);
        let lines = self.travel.representation == 'A' && !raw && body.lines > 0;
        let words = if lines { words } else { self.travel.words_of_octets() };
        let offset = self.offset;
        if offset > 0 {
            let whole = self.tree.generated(offset.saturating_add(body.length));
            self.tree.has_file(&path, whole);
        } else {
            let content = if lines { Content::of_lines(body) } else { self.tree.content(&body.kept, body.length) };
            self.tree.has_file(&path, content);
        }
        match self.tree.standing(&path) {
            Standing::OfFiles(length) if offset <= length => {
                self.tree.refer(&path);
                let from = if offset > 0 { format!(", from: {offset}") } else { String::new() };
                format!("{{ server-sends: {{ of: {}{from} }}{words} }}", yaml::text(&path))
            }
            Standing::Stored(content) if offset == 0 => {
                format!("{{ server-sends: {}{words} }}", content.written())
            }
            Standing::Stored(Content::Octets(octets)) => {
                let behind = usize::try_from(offset).ok().and_then(|offset| octets.get(offset..));
                let content = Content::Octets(behind.unwrap_or_default().to_vec());
                format!("{{ server-sends: {}{words} }}", content.written())
            }
            Standing::OfFiles(_) | Standing::Stored(_) | Standing::Unknown => {
                self.remark("A file is read here, and its octets are not compared.");
                format!("{{ server-sends: anything{words} }}")
            }
        }
    }

    fn stored(&mut self, exchange: &Exchange, body: &Body) -> String {
        let path = self.place.path(&exchange.argument).filter(|_| exchange.verb != "STOU");
        if self.travel.is_framed() {
            if let Some(path) = &path {
                self.tree.stored(path, None);
            }
            let content = self.tree.content(&body.kept, body.length);
            // Of a body that is not kept whole, its framing is made anew.
            let whole = matches!(content, Content::Octets(_));
            let words = if whole { String::new() } else { self.travel.words() };
            return format!("{{ client-sends: {}{words} }}", content.written());
        }
        if self.travel.representation == 'A' && body.lines > 0 {
            self.remark("A text was stored. How its lines end on the server is not asked.");
            if let Some(path) = &path {
                self.tree.stored(path, None);
            }
            let content =
                if body.bare == 0 { Content::of_lines(body) } else { self.tree.content(&body.kept, body.length) };
            let words = if body.bare == 0 { self.travel.words() } else { self.travel.words_of_octets() };
            return format!("{{ client-sends: {}{words} }}", content.written());
        }
        let content = self.tree.content(&body.kept, body.length);
        if let Some(path) = path {
            let left = self.left(exchange, &path, &content);
            self.tree.stored(&path, left);
        }
        format!("{{ client-sends: {}{} }}", content.written(), self.travel.words_of_octets())
    }

    /// What stands there once this was stored.
    fn left(&mut self, exchange: &Exchange, path: &str, content: &Content) -> Option<Content> {
        let appends = exchange.verb == "APPE";
        if !appends && self.offset == 0 {
            return Some(content.clone());
        }
        match (self.tree.standing(path), content) {
            (Standing::Stored(Content::Octets(before)), Content::Octets(added)) => {
                let until = if appends { before.len() } else { usize::try_from(self.offset).ok()? };
                let kept = before.get(..until)?;
                // Whether a server cuts off what stood behind is its own affair.
                let all = [kept, added].concat();
                (all.len() >= before.len()).then(|| Content::of(&all, all.len() as u64, 0))
            }
            (Standing::Unknown, _) if appends => Some(content.clone()),
            (Standing::Unknown, _) => {
                self.tree.has_name(path, Some(self.offset));
                None
            }
            _ => None,
        }
    }

    fn listed(&mut self, exchange: &Exchange, body: &Body) -> String {
        self.remark("Of listings the names are compared, not dates, sizes and owners.");
        let words = if self.travel.is_framed() { self.travel.words() } else { self.travel.words_of_octets() };
        let anything = format!("{{ server-sends: anything{words} }}");
        if self.travel.is_framed() || exchange.body.is_none() {
            return anything;
        }
        if body.length == 0 {
            return format!("{{ server-sends: {{ text: \"\" }}{words} }}");
        }
        let entries = match exchange.verb.as_str() {
            "NLST" => listing::names(&body.kept)
                .unwrap_or_default()
                .into_iter()
                .map(|name| Listed { name, kind: Kind::File, size: None })
                .collect(),
            "MLSD" => listing::of_mlsd(&body.kept),
            _ => listing::of_list(&body.kept),
        };
        let argument = path_of(&exchange.argument);
        let directory = self.place.path(argument);
        if let Some(directory) = directory.as_deref().filter(|_| !argument.iter().any(|octet| b"*?[".contains(octet))) {
            self.learn_listed(directory, &entries);
        }
        let mut names: Vec<_> = entries.into_iter().map(|listed| listed.name).collect();
        names.sort_unstable();
        names.dedup();
        let written = |names: &[String]| names.iter().map(|name| yaml::text(name)).collect::<Vec<_>>().join(", ");
        if names.is_empty() {
            return anything;
        }
        // A whole path of another server is another one.
        let relative = names.iter().all(|name| !name.starts_with('/'));
        if exchange.verb == "NLST" && body.is_whole() && relative {
            return format!("{{ server-sends: {{ names: [{}] }}{words} }}", written(&names));
        }
        if exchange.verb == "NLST" && !relative {
            return anything;
        }
        let mut gone = directory.map(|directory| self.tree.gone_from(&directory)).unwrap_or_default();
        gone.retain(|name| !names.iter().any(|listed| listed.contains(name.as_str())));
        let without = if gone.is_empty() { String::new() } else { format!(", without: [{}]", written(&gone)) };
        format!("{{ server-sends: {{ mentions: [{}]{without} }}{words} }}", written(&names))
    }

    /// What a listing says of a directory; of a file, where it lists that alone.
    fn learn_listed(&mut self, directory: &str, entries: &[Listed]) {
        let own = directory.rsplit('/').next().unwrap_or_default();
        if let [only] = entries
            && !own.is_empty()
            && only.name.rsplit('/').next() == Some(own)
        {
            return self.tree.has_name(directory, only.size);
        }
        self.tree.has_directory(directory);
        for listed in entries {
            // NLST of a directory may tell its path too.
            let name = listed.name.rsplit('/').next().unwrap_or_default();
            let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
            match listed.kind {
                Kind::Directory => self.tree.has_directory(&path),
                Kind::File => self.tree.has_name(&path, listed.size),
            }
        }
    }
}

/// The path behind the options that clients say to LIST and NLST, as `ls` has them.
fn path_of(argument: &[u8]) -> &[u8] {
    let mut rest = argument;
    while rest.starts_with(b"-") {
        let end = rest.iter().position(|octet| *octet == b' ').unwrap_or(rest.len());
        rest = rest.get(end..).unwrap_or_default().trim_ascii_start();
    }
    rest
}
