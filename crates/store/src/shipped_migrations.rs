//! The checksums of the migrations. Those of shipped migrations never change: every store has them, and a host whose
//! migrations differ does not open the store. A change to the tables is a new migration.

use sqlx::migrate::{Migration, Migrator};

use crate::migrations::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};

/// The version of each migration, and the SHA-384 of its file.
const SQLITE: &[(i64, &str)] = &[
    (1, "f7aaa831d829a466cb0b9415dc1e65cac2eeea4bd7e16409356c48c5b792f5ae15d91038b2aeb67fb8988bf4908f5c8d"),
    (2, "51be20c797966a541579b3455ecf1576d7a2d60376956a4bf5bc332988fd12ed91adfa5b5652a747a8bb3c5162e3b057"),
    (3, "aae0481c77a664cb2b77dc112d96ae1c97ae93f8500f04da558d6313f6de5a8cf4149f03d270b510b2e0260f02376a96"),
    (4, "13fea5f8b70e9cc67f89bd0d26e6f8727e1ac9fbf3d4ecfc27fa105b8b53d6041c3260a75972b626d636d66af5d07bda"),
    (5, "885f58320cc6939a2f043dbec791282452be8bc68f38d57b984cfde60c96a6b6b294ce7194794314e9d9ae3e2119162f"),
    (7, "6bb475ba45d4b58c698d9efbeb4533659fbbe2f1b71c9d0b5da7d0b27cc605bcf7bc6fde14827b944193d07ccb261634"),
    (10, "f45ae1ae4f9ad2ce58d6ee4037ee530984240d9986fb8d20e4da522103605c204e0885577791d06a4862c8a811870289"),
    (11, "00ae821376f8f00fa21fda4fa51658dba5ca6831cd5fd4a20dc59f291d281fc0452c32959bca1b50352c896e5340a5b5"),
    (12, "fd6047b1ea272c907ad4dad0646afc7f2c478e74734a681fa58779696e12ab78f5d3f043e3bab2011c5f01cc94c5e44c"),
    (13, "f9efc60948688472ad446330464fd197a607f9bcbd46a807f113f5d6b7fda909d95ab085c9e0ce98d99547ec2459752c"),
    (14, "5b8906264146a620244c9a104bd8a653e33e3ed4e7e5ddd2a7aa2d30dc3485f50245eef5787ef6bb1db374c1111f8a6e"),
    (15, "334f02faa7e3a4067ba42637552a9319160e19a12a99540c981ee565d3a2c0cd8c38adbba02c728c2ca326456520976c"),
    (16, "86e2274be73ad7d53b27c2a926b420fbddc26a7a8b625dda79f083fcbb769181c5de1bbe26589de728f85b4302c935eb"),
    (17, "764d3388c9ab15c1e8a4c8a4fb5188884ebd5ebbe33dbc4f2a7cd08b187b34e54cfcca29b9b1987713d58c403b43d823"),
    (18, "6e51473010fb90834bbd1d83ac281ef7e9885cbf7999f537ce429363b73d2c206ca419623a6758c57d7a421495396271"),
    (19, "8548f6dbfad3c49e695db73e6fe264d89fc712a108402e9b0c42e9ccad52d75b666729114d3b844aa5a7b5b3bdb23643"),
    (20, "63367ab970e2fd507beb3c2a30474bb282aa275870b7bee018e08bfdd201d8f55841edd8d50973233f26e39e9cd82a26"),
    (21, "e998ea118193381125fe6fb70e86d3b9567e401ceb155640fd34e10a21dbe673bc091664114e42623ac7144b19443776"),
    (23, "41f84fa3aab76e5b740cd60d1f40e3100a9eede7b4f7b5eabf55cdfd7fa6aebeb8db0d9867f567fff087faa393fbc3ff"),
];

/// The version of each migration, and the SHA-384 of its file.
const POSTGRES: &[(i64, &str)] = &[
    (1, "6b407707e5ab2135efc1ae75ca756f64fcd51401a6d059ac1a9642873db101ad245585d2b65c4ba869878a05cf8fe656"),
    (2, "572632df73cf79920302135f2d70c2e5c5c8962c595e8db396b7fdc8fd8e1f80a0bd1f8953f44fbc52024ffd34587341"),
    (3, "f27f843b345165e5d94d9cd21520c9fe7e5c7c1e8aee37428fcc2054a2c721a123199f4de8ac4311e6d899edbfb5745c"),
    (4, "dea05333ba7f674e4298bd1f5148de068e7e3cfd1e0bfcc83e5b7f331d59a46d8dc62692213ebe75fa96c0b8301ed6b3"),
    (5, "41da9380cbeb6d799458764a72854aa38c507835721bd022729dfe00163e4746c5370aa4816909be550dc6a68a8c57e9"),
    (7, "3f86e7d983251d892d7b7d943d6b43ef5396dec6793575a08b906f6293c03ed1fe38ed91264e119e313a7b6635a2785e"),
    (10, "81f46946fe1850d4a162b99a846efa266cb4c2c4d02f57706940f7e080b621da10e6fe51585bda6b6dcdf946b3fdf711"),
    (11, "323547482e88055bbc7ae6d7719b3b227e123ff8223deb8e75d784c8e80add9f013340a0f97b54133afc3e7dfd42f824"),
    (12, "e901539855ff64b4de74d153ee4fe682cd74a4b4e564435a3810d2f1e88da6a343a31a2bd7c6c5755de172e8d721fb1a"),
    (13, "f9efc60948688472ad446330464fd197a607f9bcbd46a807f113f5d6b7fda909d95ab085c9e0ce98d99547ec2459752c"),
    (14, "63f57f1405895c6b6b340ce328c53aa9a365b7ef64fccb6cedf81f0c6d8cac038ce0c7843b74fe3de0313ac7c1d5fc1c"),
    (15, "402cbf9cd60219f48fd1cd3aec24c359e09d85f899ece540d20f86dea53f2bc1bd13125cdf403e85868cd1e51bf679ab"),
    (16, "5b1a7ab5fdfe0b07543cb1ec9c3d10b53a2a1300c8548c2dccfc535d03d8bc02a81746ab34424821f4bc30c78ef60eef"),
    (17, "9c1c53313b7d1eb7aee6f928c1af77f6daa3dec766fe67737b62e5a8b2dbf18dd78ceff4ff84a12131c6a9896595b0cb"),
    (18, "6e51473010fb90834bbd1d83ac281ef7e9885cbf7999f537ce429363b73d2c206ca419623a6758c57d7a421495396271"),
    (19, "aaa3c04adca7209b9c9b5e86096f25474760028504b20aaf1bd4ac725107a3344fd8480884afb142b0c2211f5498a9f0"),
    (21, "e998ea118193381125fe6fb70e86d3b9567e401ceb155640fd34e10a21dbe673bc091664114e42623ac7144b19443776"),
    (22, "931af30e79f617fd85121ba54926459e363fe628ea60f8b5dab56216a2fcaab7d1351f670089ce5719636da523dae75b"),
    (23, "a1dfa5eccf5c203a3b2dfa66de7df228573a4c150cc40f9e929df18de88c39a6497d7de7d3b469e713e4bc30b7c8b9ae"),
];

fn checksums(migrator: &Migrator) -> Vec<(i64, String)> {
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    migrator.iter().map(|migration| (migration.version, hexadecimal(&migration.checksum))).collect()
}

fn assert_unchanged(migrator: &Migrator, known: &[(i64, &str)]) {
    let known: Vec<_> = known.iter().map(|(version, checksum)| (*version, (*checksum).to_owned())).collect();
    assert_eq!(checksums(migrator), known, "a shipped migration was edited, or a new migration is not listed here");
}

#[test]
fn migrations_of_sqlite_that_shipped_are_never_edited() {
    assert_unchanged(&SQLITE_MIGRATIONS, SQLITE);
}

#[test]
fn migrations_of_postgresql_that_shipped_are_never_edited() {
    assert_unchanged(&POSTGRES_MIGRATIONS, POSTGRES);
}

#[tokio::test]
async fn the_migrations_are_the_files_as_sqlx_reads_them() {
    for (engine, migrator) in [("sqlite", &SQLITE_MIGRATIONS), ("postgres", &POSTGRES_MIGRATIONS)] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        let read = Migrator::new(folder.as_path()).await.unwrap();
        let facts = |migrator: &Migrator| -> Vec<_> {
            let facts =
                |one: &Migration| format!("{} {} {:?} {}", one.version, one.description, one.migration_type, one.no_tx);
            migrator.iter().map(facts).collect()
        };
        assert_eq!(facts(migrator), facts(&read), "{engine}");
        assert_eq!(checksums(migrator), checksums(&read), "{engine}");
    }
}
