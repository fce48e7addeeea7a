//! Reads replies that are no success: whether they are Footprint's, and what they say, without the secrets they may echo.

use soar_connector::{Redactor, name::quoted, sentence};

use super::login::Login;
use super::reply::VendorReply;
use super::transport::Transport;
use crate::vendor::{Failure, RefusalOrigin, message, origin};

impl Transport {
    /// Knows the secrets of the settings and of `login`, the one at hand: what a server answers to it may echo them.
    pub(super) fn redactor(&self, login: Option<&Login>) -> Redactor {
        let mut redactor = self.exchange.redactor.clone();
        login.into_iter().flat_map(Login::secrets).for_each(|secret| redactor.add(secret));
        redactor
    }

    /// The message of a reply that is no success, without the secrets that it may echo.
    pub(super) fn said(&self, reply: &VendorReply, login: Option<&Login>) -> String {
        let mut redactor = self.redactor(login);
        reply.xsrf_token.iter().for_each(|token| redactor.add(token));
        message(reply.status, &reply.body, &redactor)
    }

    /// The failure for a status other than success: a redirect, Footprint's error, or an error of a proxy. `is_footprint`
    /// if the session endpoint has just proven that the server is Footprint's.
    pub(super) fn refusal(&self, reply: &VendorReply, login: Option<&Login>, is_footprint: bool) -> Failure {
        if let (300..=399, Some(location)) = (reply.status, &reply.location) {
            let redactor = self.redactor(login);
            let target = redactor.clean_start(&without_credentials(location)).into_owned();
            let text = format!("The server sent the request on to {}", quoted(&target));
            return Failure::of_status(reply.status, sentence(&text));
        }
        let code = match origin(&reply.content_type, &reply.body) {
            _ if !is_verdict(reply.status) => None,
            RefusalOrigin::Vendor => None,
            RefusalOrigin::Unproven if is_footprint => None,
            RefusalOrigin::Unproven => Some("refusal-unproven"),
            RefusalOrigin::WebPage => Some("html-reply"),
        };
        Failure { code, ..Failure::of_status(reply.status, self.said(reply, login)) }
    }

    /// How a reply begins, in quotes and without secrets; for replies that say nothing else of use.
    pub(super) fn beginning(&self, body: &[u8], login: Option<&Login>) -> String {
        const LOOKED_AT: usize = 4 * 1024;
        const MOST_SHOWN: usize = 80;
        let text = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]).into_owned();
        let clean = self.redactor(login).clean_start(&text).into_owned();
        let words: Vec<_> = clean.split_whitespace().collect();
        quoted(&words.join(" ").chars().take(MOST_SHOWN).collect::<String>())
    }
}

/// Whether a status is a verdict on the request, which only Footprint can give. All others tell of the way to it,
/// of its length, of load or of a breakdown, whichever server answers with them.
pub(super) fn is_verdict(status: u16) -> bool {
    matches!(status, 400..=406 | 409..=412 | 415..=428 | 430 | 432..=499 | 501)
}

/// An address without user, query and fragment: where it leads is what helps, and the rest may hold secrets that only
/// the server knows.
fn without_credentials(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    match address.split_once("//") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            format!("{scheme}//{}{path}", host.rsplit('@').next().unwrap_or_default())
        }
        None => address.to_owned(),
    }
}
