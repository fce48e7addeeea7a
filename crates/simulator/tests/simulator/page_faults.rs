//! Lists that are read wrongly: rows missing, repeated or shifted.

use footprint_simulator::Generation;

use crate::client::{DEVICES, ServedSimulator, SimulatorReply};

async fn page(instance: &ServedSimulator, number: u32) -> SimulatorReply {
    instance.get(&format!("{DEVICES}?page={number}")).await
}

#[tokio::test]
async fn short_pages_lack_their_last_row() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let normal = page(&instance, 2).await;
        instance.fault("* short-page");
        let short = page(&instance, 2).await;
        assert_eq!(short.total(), normal.total());
        assert_eq!(short.ids(), normal.ids()[..24]);
        let scanners = instance.get("/console/scanSurface/scanners/").await;
        assert_eq!(scanners.rows().len(), 3);
    }
}

#[tokio::test]
async fn repeated_pages_are_the_ones_before() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let first = page(&instance, 1).await;
    instance.fault("devices repeat-page");
    assert_eq!(page(&instance, 2).await.text, first.text);
    assert_eq!(page(&instance, 1).await.text, first.text);
}

#[tokio::test]
async fn shifted_pages_repeat_a_row_and_count_one_more() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let (first, second) = (page(&instance, 1).await, page(&instance, 2).await);
    instance.fault("devices shift");
    assert_eq!(page(&instance, 1).await.text, first.text);
    let shifted = page(&instance, 2).await;
    assert_eq!(shifted.total(), 251);
    assert_eq!(shifted.ids()[0], first.ids()[24]);
    assert_eq!(shifted.ids()[1..], second.ids()[..24]);
    let last = page(&instance, 11).await;
    assert_eq!(last.rows().len(), 1);
}

#[tokio::test]
async fn totals_come_in_every_form_with_the_same_rows() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let normal = page(&instance, 1).await;
    for (word, members) in [
        ("absent", ""),
        ("null", r#""totalPages":null,"totalCount":"None","#),
        ("text", r#""totalPages":"10","totalCount":"250","#),
        ("float", r#""totalPages":10.0,"totalCount":250.0,"#),
        ("zero", r#""totalPages":0,"totalCount":0,"#),
    ] {
        instance.fault(&format!("devices totals={word} count=1"));
        let expected = normal.text.replace(r#""totalPages":10,"totalCount":250,"#, members);
        assert_eq!(page(&instance, 1).await.text, expected, "{word}");
    }
}
