//! A whole request: it is planned and let go.

use super::refuse::refused;
use super::{Considered, Moment, Phase, Router};
use crate::dialect::{Refusal, Surface};
use crate::filter::answer::Answer;
use crate::filter::aside::Asides;
use crate::filter::drill::Wish;
use crate::filter::headers::{self, HeaderList};
use crate::filter::memory::Held;
use crate::filter::trip::{Planned, Route, Trip};
use crate::json::{Document, Unread};
use crate::plan::{drilled, order_name, seats};
use std::rc::Rc;

impl Router {
    /// The whole body is there, as text or as bytes that are none: reads it and plans.
    ///
    /// # Errors
    /// The answer, where nobody is called.
    pub fn plan(
        &mut self,
        body: Result<String, Vec<u8>>,
        moment: &Moment<'_>,
    ) -> Result<(Rc<Trip>, HeaderList), Answer> {
        let Phase::Reading { surface, headers, wish, held, .. } =
            std::mem::replace(&mut self.phase, Phase::Other)
        else {
            return Err(refused(
                Surface::Chat,
                Refusal::invalid("", "The request came twice. Send it again."),
            ));
        };
        let trip = Rc::new(self.depart(surface, headers, wish.as_ref(), (body, held), moment)?);
        let headers = self.routed(&trip, moment.key);
        self.phase = Phase::Sent(Rc::clone(&trip));
        Ok((trip, headers))
    }

    pub(in crate::filter) fn depart(
        &self,
        surface: Surface,
        headers: Vec<(String, String)>,
        wish: Option<&Wish>,
        (body, mut held): (Result<String, Vec<u8>>, Held),
        moment: &Moment<'_>,
    ) -> Result<Trip, Answer> {
        let document = self.document(surface, body)?;
        let length = document.as_text().len();
        held.set_vm(length);
        held.set_envoy(length);
        let Considered { place, group, turn, plan, .. } =
            self.consider(surface, headers, document.root(), moment)?;
        if plan.order.is_empty() {
            return Err(self.nobody(&turn, group, &plan, moment.now_ms));
        }
        let members = plan.order.iter().filter_map(|member| group.members.get(*member));
        let order: Vec<usize> = members.map(|member| member.target).collect();
        let config = &self.runtime.config;
        let forced = |place: usize| {
            wish.zip(config.drills.get(place)).is_some_and(|(wish, drill)| wish.forces(config, drill))
        };
        let drills = drilled(config, &order, moment.now_ms, moment.key, forced);
        let asides = Asides::of(&plan, moment.now_ms);
        let route = Route { group: place, turn, order, drills, asides };
        Ok(Trip::new(&self.runtime, route, Some(document), Planned::Here(moment.now_ms, held)))
    }

    /// A caller's body, validated: text, or bytes that are none.
    pub(in crate::filter) fn document(
        &self,
        surface: Surface,
        body: Result<String, Vec<u8>>,
    ) -> Result<Document, Answer> {
        let limits = &self.runtime.config.listen.limits;
        let read = match body {
            Ok(text) => Document::within(text, limits.values),
            Err(bytes) => Document::parse(bytes).map_err(Unread::Syntax),
        };
        read.map_err(|unread| {
            let refusal = match unread {
                Unread::TooMany => limits.too_many_values(),
                Unread::Syntax(error) => Refusal::invalid(
                    "",
                    format!("The body is not valid JSON: {error}. Correct it and send it again."),
                ),
            };
            refused(surface, refusal)
        })
    }

    /// Headers that the request gets: the order, whose cluster says when to retry, how long it may take, and whose it is.
    fn routed(&self, trip: &Trip, key: u64) -> HeaderList {
        let config = &self.runtime.config;
        let mut out = HeaderList::new();
        let Some(group) = config.groups.get(trip.group) else { return out };
        out.push_key(headers::TRIP, key);
        out.push(headers::ORDER, &order_name(config, group, seats(&trip.order, &trip.drills)));
        out.push_number("x-envoy-upstream-rq-per-try-timeout-ms", trip.attempt_limit_ms());
        out.push_number("x-envoy-upstream-rq-timeout-ms", group.timeout_ms);
        out
    }
}
