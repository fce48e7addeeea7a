//! Each form says at the field what the host refuses.

use crate::world::ConsoleWorld;

/// Refusals of the host: the address of a form, its values, and the id of the field that tells it.
const REFUSED: &[(&str, &str, &str)] = &[
    ("/users/new", "name=viewer", "name"),
    ("/users/new", "name=a%E2%80%8Bb", "name"),
    ("/users/new", "name=New&email=bad", "email"),
    ("/users/new", "name=New&site=Nowhere&role=Viewer", "site"),
    ("/users/new", "name=New&role=Boss", "role"),
    ("/users/Viewer", "name=analyst&active=yes", "name"),
    ("/users/Viewer", "name=Viewer&email=bad&active=yes", "email"),
    ("/users/Admin", "name=Admin&administrator=yes", "active"),
    ("/users/Admin", "name=Admin&active=yes", "administrator"),
    ("/sites/new", "name=security+operations&kind=Client", "name"),
    ("/sites/new", "name=a%E2%80%8Bb&kind=Client", "name"),
    ("/sites/new", "name=New&kind=Client&time-zone=Mars", "time-zone"),
    ("/sites/new", "name=New&kind=Client&language=%21", "language"),
    ("/sites/Security%20Operations", "name=SOC&kind=Internal&time-zone=Mars&active=yes", "time-zone"),
    ("/keys/new", "name=taken&owner=Admin&kind=api", "name"),
    ("/keys/new", "name=New&owner=Stranger&kind=api&users=Stranger", "owner"),
    ("/keys/new", "name=New&owner=Admin&kind=api&users=Stranger", "users"),
    ("/keys/new", "name=New&owner=Admin&kind=paper", "kind"),
    ("/keys/new", "name=New&owner=Admin&kind=jwt&may-manage=yes", "may-manage"),
    ("/tenants/new", "name=Acme&region=EMEA&url=https%3A%2F%2Facme.example.com&secret.key=x", "secret.key"),
    ("/tenants/syncs/new", "what=all&site=x", "region"),
    ("/tenants/syncs/new", "what=all&site=x", "name"),
    ("/tenants/syncs/new", "what=all&site=x&region=EMEA&name=Acme", "name"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_refuses_is_told_at_its_field() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    assert_eq!(world.post(&cookie, "/keys/new", "name=Taken&owner=Admin&kind=api").await, 200);
    for (path, body, field) in REFUSED {
        let (status, form) = world.answer(&cookie, path, body).await;
        assert!(status == 422 && form.contains(&format!("id=\"{field}-error\"")), "{path} {body}: {status} {form}");
    }
    let (_, page) = world.answer(&cookie, "/tenants/keys", "hours=24").await;
    let key = page.split("id=\"secret\">").nth(1).unwrap().split('<').next().unwrap();
    for (start, field) in [
        ("name=Acme&region=EMEA&url=ftp%3A%2F%2Facme.example.com", "url"),
        ("name=Acme&region=EMEA&url=http%3A%2F%2Facme.example.com", "url"),
        ("name=a,b&region=EMEA&url=https%3A%2F%2Facme.example.com", "name"),
        ("name=Acme&region=a%E2%80%8Bb&url=https%3A%2F%2Facme.example.com", "region"),
    ] {
        let (status, form) = world.answer(&cookie, "/tenants/new", &format!("{start}&secret.key={key}")).await;
        assert!(status == 422 && form.contains(&format!("id=\"{field}-error\"")), "{start}: {status} {form}");
    }
}
