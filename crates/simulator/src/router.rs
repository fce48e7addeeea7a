//! Takes each request through recording, faults, access and its endpoint.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header::ALLOW},
    response::Response,
    routing::any,
};

use crate::{
    access::admit,
    call::RoutedRequest,
    fault::FaultEffect,
    faulty_answer::{finish, instead},
    multipart,
    query::RequestQuery,
    recorder::{BODY_KEPT, RecordedRequest},
    reply::Reply,
    routes::{ROUTES, Route, element, paths},
    serve::Hangup,
    world::SimulatedInstance,
};

/// The largest request body accepted, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// The prefix of the vendor's API; everything else is its web application.
const API: &str = "/api";

/// One axum route for each path of the list.
pub(crate) fn router(world: &Arc<SimulatedInstance>) -> Router {
    let mut router = Router::new();
    for path in paths() {
        let world = Arc::clone(world);
        let handler = any(move |request: Request| async move { handle(&world, Some(path), request).await });
        router = router.route(&format!("{API}{path}"), handler);
    }
    let world = Arc::clone(world);
    router.fallback(move |request: Request| async move { handle(&world, None, request).await })
}

async fn handle(world: &SimulatedInstance, path: Option<&'static str>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await;
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let headers = headers(&parts.headers);
    let multipart = match (headers.get("content-type"), &body) {
        (Some(media_type), Ok(body)) => multipart::fields(media_type, body.clone()).await,
        _ => None,
    };
    let arrival = Arrival {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        template: path,
        headers,
        query,
        body: body.as_deref().ok(),
        multipart,
    };
    let sequence = world.recorder.arrived(arrival.record());
    let route = arrival.route(world);
    // Only `*` strikes requests that no route is for.
    let name = route.as_ref().map_or("", |route| route.name);
    let effect = world.faults.decide(name, arrival.page());
    if !effect.delay.is_zero() {
        tokio::time::sleep(effect.delay).await;
    }
    let answer = match instead(world, &effect, &arrival.headers) {
        Some(answer) => answer,
        None => {
            let reply = route.and_then(|route| arrival.answer(world, route, &effect)).unwrap_or_else(|refusal| refusal);
            finish(&effect, arrival.allow(world, reply))
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
    multipart: Option<BTreeMap<String, String>>,
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
        RequestQuery(&self.query).get("page")
    }

    /// The routes on the path that the instance has.
    fn on_path(&self, world: &SimulatedInstance) -> impl Iterator<Item = &'static Route> {
        let (template, generation, token) = (self.template, world.options.generation, world.options.token_endpoint);
        ROUTES
            .iter()
            .filter(move |route| Some(route.path) == template && route.since <= generation)
            .filter(move |route| route.name != "token" || token)
    }

    /// The route for path and method, or the vendor's 404 or 405.
    fn route(&self, world: &SimulatedInstance) -> Result<&'static Route, Reply> {
        if let Some(route) = self.on_path(world).find(|route| route.method == self.method) {
            return Ok(route);
        }
        Err(if self.on_path(world).next().is_some() {
            let problem = format!("Method \"{}\" not allowed.", self.method);
            Reply::detail(StatusCode::METHOD_NOT_ALLOWED, &problem)
        } else if self.path.starts_with("/api/") {
            Reply::not_found()
        } else {
            Reply::page(StatusCode::NOT_FOUND, "Page not found")
        })
    }

    /// The reply, with the header that names the path's methods if the status is 405, for any reason.
    fn allow(&self, world: &SimulatedInstance, reply: Reply) -> Reply {
        if reply.status != StatusCode::METHOD_NOT_ALLOWED {
            return reply;
        }
        let methods: Vec<_> = self.on_path(world).map(|route| route.method).collect();
        reply.with_header(ALLOW, &methods.join(", "))
    }

    fn answer(&self, world: &SimulatedInstance, route: &Route, effect: &FaultEffect) -> Result<Reply, Reply> {
        let Some(body) = self.body else {
            return Err(Reply::detail(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large."));
        };
        let caller = admit(world, &self.headers, route.demand)?;
        let path = self.path.strip_prefix(API).unwrap_or(self.path);
        (route.endpoint)(&RoutedRequest {
            world,
            element: element(route.path, path),
            query: RequestQuery(&self.query),
            headers: &self.headers,
            body,
            multipart: self.multipart.as_ref(),
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
