//! A server of the example's invented product: lamps in rooms, two to a page.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The only token that the server knows.
pub const TOKEN: &str = "c4nary/lantern+1";

const LAMPS: [(u64, &str); 4] = [(1, "Hall"), (2, "Hall"), (3, "-"), (4, "Hall")];

/// Starts a server on a free port and returns its address.
pub async fn lantern() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    address
}

async fn answer(mut stream: TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let is_known = head.to_lowercase().contains(&format!("authorization: bearer {}", TOKEN.to_lowercase()));
    let (status, body) = if is_known { reply(target) } else { ("401 Unauthorized", Value::Null) };
    let body = body.to_string();
    let length = body.len();
    let reply = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let _ = stream.write_all(reply.as_bytes()).await;
}

fn reply(target: &str) -> (&'static str, Value) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let given = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    match path {
        "/me" => ("200 OK", json!({ "user": "ada" })),
        "/lamps" => {
            let room = given("Room");
            let lamps: Vec<_> = LAMPS.iter().filter(|(_, lit)| room.is_none_or(|room| room == *lit)).collect();
            let page: usize = given("Page").map_or(1, |page| page.parse().unwrap());
            let rows: Vec<_> = lamps.iter().skip((page - 1) * 2).take(2).collect();
            let rows: Vec<_> = rows.iter().map(|(id, room)| json!({ "id": id, "room": room })).collect();
            ("200 OK", json!({ "lamps": rows, "at": page, "of": lamps.len().div_ceil(2), "all": lamps.len() }))
        }
        _ => ("404 Not Found", Value::Null),
    }
}
