//! Takes each request through recording, faults, access and its endpoint.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::any,
};

use crate::{
    access::admit,
    call::Call,
    fault::{self, Effect},
    query::Query,
    recorder::{BODY_KEPT, RecordedRequest},
    reply::Reply,
    routes::{ROUTES, Route, element, paths},
    serve::Hangup,
    world::World,
};

/// The largest request body accepted, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// The prefix of the vendor's API; everything else is its web application.
const API: &str = "/api";

/// One axum route for each path of the list.
pub(crate) fn router(world: &Arc<World>) -> Router {
    let mut router = Router::new();
    for path in paths() {
        let world = Arc::clone(world);
        let handler = any(move |request: Request| async move { handle(&world, Some(path), request).await });
        router = router.route(&format!("{API}{path}"), handler);
    }
    let world = Arc::clone(world);
    router.fallback(move |request: Request| async move { handle(&world, None, request).await })
}

async fn handle(world: &World, path: Option<&'static str>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await;
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let arrival = Arrival {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        template: path,
        headers: headers(&parts.headers),
        query,
        body: body.as_deref().ok(),
    };
    let sequence = world.recorder.arrived(arrival.record());
    let route = arrival.route(world);
    // Only `*` strikes requests that no route is for.
    let name = route.as_ref().map_or("", |route| route.name);
    let effect = world.faults.decide(name, arrival.page());
    if !effect.delay.is_zero() {
        tokio::time::sleep(effect.delay).await;
    }
    let answer = match fault::instead(world, &effect, &arrival.headers) {
        Some(answer) => answer,
        None => {
            let reply = route.and_then(|route| arrival.answer(world, route, &effect)).unwrap_or_else(|refusal| refusal);
            fault::finish(&effect, reply)
        }
    };
    // A closed connection has no status.
    if answer.extensions().get::<Hangup>().is_none() {
        world.recorder.answered(sequence, answer.status().as_u16());
    }
    answer
}

/// A request with its body read.
struct Arrival<'r> {
    method: &'r str,
    path: &'r str,
    template: Option<&'static str>,
    headers: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    /// `None` if it was too large or broke off.
    body: Option<&'r [u8]>,
}

impl Arrival<'_> {
    fn record(&self) -> RecordedRequest {
        let body = self.body.unwrap_or_default();
        RecordedRequest {
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body: String::from_utf8_lossy(body.get(..BODY_KEPT).unwrap_or(body)).into_owned(),
            route: self.template.unwrap_or_default().to_owned(),
            status: 0,
        }
    }

    fn page(&self) -> Option<&str> {
        Query(&self.query).get("page")
    }

    /// The route for path and method, or the vendor's 404 or 405.
    fn route(&self, world: &World) -> Result<&'static Route, Reply> {
        let Some(template) = self.template else {
            return Err(if self.path.starts_with("/api/") {
                Reply::not_found()
            } else {
                Reply::page(StatusCode::NOT_FOUND, "Page not found")
            });
        };
        let mut on_path = ROUTES
            .iter()
            .filter(|route| route.path == template && route.since <= world.options.generation)
            .filter(|route| route.name != "token" || world.options.token_endpoint)
            .peekable();
        if on_path.peek().is_none() {
            return Err(Reply::not_found());
        }
        on_path.find(|route| route.method == self.method).ok_or_else(|| {
            Reply::detail(StatusCode::METHOD_NOT_ALLOWED, &format!("Method \"{}\" not allowed.", self.method))
        })
    }

    fn answer(&self, world: &World, route: &Route, effect: &Effect) -> Result<Reply, Reply> {
        let Some(body) = self.body else {
            return Err(Reply::detail(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large."));
        };
        let caller = admit(world, &self.headers, route.demand)?;
        let path = self.path.strip_prefix(API).unwrap_or(self.path);
        (route.endpoint)(&Call {
            world,
            element: element(route.path, path),
            query: Query(&self.query),
            headers: &self.headers,
            body,
            user: caller.user,
            tenant: caller.tenant,
            page_fault: effect.page_fault(),
        })
    }
}

/// Headers by lower-case name, as text.
fn headers(map: &HeaderMap) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in map {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|text| {
                text.push_str(", ");
                text.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    headers
}

impl Reply {
    /// The answer in axum's form.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}
