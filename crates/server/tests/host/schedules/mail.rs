//! Alerts by mail, to a real listener.

use std::sync::{Arc, Mutex};

use secrecy::SecretString;
use soar_host::alerts::{Courier as _, Couriers, MailCourier, MailSecurity, MailSettings};
use soar_store::model::{
    AlertEvent, AlertReason, Message, MessageBody, MessageContent, MessageItem, Moment, ScheduleKind,
};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The commands that a mail server received.
#[derive(Debug, Default, Clone)]
struct Heard {
    commands: Vec<String>,
    /// Commands that came before TLS.
    in_the_clear: Vec<String>,
    mails: Vec<String>,
}

/// A mail server on this machine.
struct MailListener {
    port: u16,
    heard: Arc<Mutex<Heard>>,
    authority: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MailBehaviour {
    Plain,
    Starttls,
    Tls,
    /// Offers STARTTLS, and then refuses it.
    StarttlsRefused,
    /// Accepts no mail.
    Full,
}

impl MailListener {
    async fn start(way: MailBehaviour) -> Self {
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let listener = Self { port, heard: heard.clone(), authority: certified.cert.pem().into_bytes() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let (heard, acceptor) = (heard.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if way == MailBehaviour::Tls {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        speak(&mut BufReader::new(stream), way, &heard, true, true).await;
                        return;
                    }
                    let mut stream = BufReader::new(stream);
                    if speak(&mut stream, way, &heard, false, true).await {
                        let Ok(stream) = acceptor.accept(stream.into_inner()).await else { return };
                        speak(&mut BufReader::new(stream), way, &heard, true, false).await;
                    }
                });
            }
        });
        listener
    }

    fn settings(&self, security: MailSecurity) -> MailSettings {
        MailSettings {
            host: "localhost".to_owned(),
            port: Some(self.port),
            security,
            allow_plain: false,
            account: Some(("footprint".to_owned(), SecretString::from("canary-password"))),
            from: "Footprint <footprint@example.com>".to_owned(),
            certificate_authority: Some(self.authority.clone()),
        }
    }

    async fn send(&self, settings: &MailSettings, message: &Message) -> Result<(), String> {
        let couriers = Couriers { mail: Some(MailCourier::new(settings)?), ..Couriers::default() };
        couriers.deliver(message, Moment(0)).await
    }

    fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }
}

/// Speaks SMTP until the client leaves; whether it wants TLS now.
async fn speak<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    way: MailBehaviour,
    heard: &Mutex<Heard>,
    is_safe: bool,
    greets: bool,
) -> bool {
    if greets && stream.write_all(b"220 localhost ready\r\n").await.is_err() {
        return false;
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let command = line.trim_end().to_owned();
        heard.lock().unwrap().commands.push(command.clone());
        if !is_safe {
            heard.lock().unwrap().in_the_clear.push(command.clone());
        }
        let answer = match command.split(' ').next().unwrap_or_default().to_uppercase().as_str() {
            "EHLO" if is_safe || way == MailBehaviour::Plain || way == MailBehaviour::Full => {
                "250-localhost\r\n250 AUTH PLAIN\r\n"
            }
            "EHLO" => "250-localhost\r\n250 STARTTLS\r\n",
            "STARTTLS" if way == MailBehaviour::StarttlsRefused => "454 not now\r\n",
            "STARTTLS" => {
                stream.write_all(b"220 go on\r\n").await.unwrap();
                return true;
            }
            "AUTH" => "235 welcome\r\n",
            "RCPT" if way == MailBehaviour::Full => "452 the mailbox is full\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.unwrap();
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut mail).await.unwrap() == 0 {
                        return false;
                    }
                }
                heard.lock().unwrap().mails.push(mail);
                "250 taken\r\n"
            }
            "QUIT" => {
                let _ = stream.write_all(b"221 bye\r\n").await;
                return false;
            }
            _ => "250 fine\r\n",
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return false;
        }
    }
}

fn message(subject: &str) -> Message {
    Message {
        id: "0198-message".to_owned(),
        destination: "soc@example.com".parse().unwrap(),
        content: MessageBody::Health(MessageContent {
            event: AlertEvent::Failed,
            kind: ScheduleKind::HealthCheck,
            server: "https://footprint.example.com".to_owned(),
            at: Moment(1_700_000_000_000),
            still_failing: 0,
            items: vec![MessageItem {
                subject: subject.to_owned(),
                site: "Security Operations".to_owned(),
                reason: AlertReason::Failing,
                detail: "Test Connection failed. Failed to check the connector.\nStatus Code: 401.\nMessage: <Unauthorized>.\n.\nQUIT".to_owned(),
                since: Moment(1_700_000_000_000),
                recovered_at: None,
            }],
        }),
        attempts: 0,
        created_at: Moment(1_700_000_000_000),
    }
}

#[tokio::test]
async fn a_mail_arrives_over_tls_and_starttls_as_text_and_html() {
    for (way, security) in [(MailBehaviour::Starttls, MailSecurity::Starttls), (MailBehaviour::Tls, MailSecurity::Tls)]
    {
        let listener = MailListener::start(way).await;
        listener.send(&listener.settings(security), &message("Connection Production")).await.unwrap();
        let heard = listener.heard();
        assert_eq!(heard.mails.len(), 1);
        // Long lines are folded.
        let mail = heard.mails[0].replace("=\r\n", "");
        for part in [
            "Subject: Connection Production fails\r\n",
            "From: Footprint <footprint@example.com>\r\n",
            "To: soc@example.com\r\n",
            "Message-ID: <0198-message@example.com>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            "multipart/alternative",
            "Content-Type: text/plain",
            "Content-Type: text/html",
            "  Status Code: 401.",
            "&lt;Unauthorized&gt;.",
        ] {
            assert!(mail.contains(part), "{part} is missing in {mail}");
        }
        assert!(heard.commands.iter().any(|command| command.starts_with("AUTH PLAIN")), "{heard:?}");
        let clear: Vec<_> = heard.in_the_clear.iter().filter(|command| !command.starts_with("EHLO")).collect();
        let expected: &[&str] = if way == MailBehaviour::Starttls { &["STARTTLS"] } else { &[] };
        assert_eq!(clear, expected, "nothing else is said before TLS");
    }
}

#[tokio::test]
async fn a_plain_way_to_this_machine_works() {
    let listener = MailListener::start(MailBehaviour::Plain).await;
    listener.send(&listener.settings(MailSecurity::Plain), &message("Connection Production")).await.unwrap();
    assert_eq!(listener.heard().mails.len(), 1);
}

#[tokio::test]
async fn a_server_that_will_not_do_tls_gets_neither_password_nor_mail() {
    for way in [MailBehaviour::Plain, MailBehaviour::StarttlsRefused] {
        let listener = MailListener::start(way).await;
        let refused = listener.send(&listener.settings(MailSecurity::Starttls), &message("x")).await.unwrap_err();
        assert!(refused.starts_with("The mail server did not accept the mail:"), "{refused}");
        let heard = listener.heard();
        assert!(heard.mails.is_empty() && !heard.commands.iter().any(|command| command.starts_with("AUTH")));
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_nothing() {
    for (way, security) in [(MailBehaviour::Starttls, MailSecurity::Starttls), (MailBehaviour::Tls, MailSecurity::Tls)]
    {
        let listener = MailListener::start(way).await;
        let settings = MailSettings { certificate_authority: None, ..listener.settings(security) };
        let refused = listener.send(&settings, &message("x")).await.unwrap_err();
        assert!(refused.contains("certificate") && !refused.contains("canary"), "{refused}");
        assert!(listener.heard().mails.is_empty());
    }
}

#[tokio::test]
async fn a_name_adds_no_header_and_a_line_with_a_full_stop_ends_no_mail() {
    let listener = MailListener::start(MailBehaviour::Plain).await;
    let name = "Connection x\r\nBcc: thief@example.com\r\n\r\nbody";
    listener.send(&listener.settings(MailSecurity::Plain), &message(name)).await.unwrap();
    let heard = listener.heard();
    let head = heard.mails[0].split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc:")), "{head}");
    assert!(!heard.commands.iter().any(|command| command.contains("thief")), "{heard:?}");
    assert_eq!(heard.commands.iter().filter(|command| command.starts_with("RCPT")).count(), 1);
    assert_eq!(heard.mails.len(), 1);
}

#[tokio::test]
async fn a_refusal_says_what_the_server_said() {
    let listener = MailListener::start(MailBehaviour::Full).await;
    let refused = listener.send(&listener.settings(MailSecurity::Plain), &message("x")).await.unwrap_err();
    assert!(refused.contains("the mailbox is full"), "{refused}");
    let nowhere = MailSettings { port: Some(1), ..listener.settings(MailSecurity::Plain) };
    assert!(listener.send(&nowhere, &message("x")).await.is_err());
    let none = Couriers::default().deliver(&message("x"), Moment(0)).await.unwrap_err();
    assert!(none.contains("has no mail server"), "{none}");
}
