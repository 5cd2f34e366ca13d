"""Turkish topics in English: order, endings, names, and honesty about unknown words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.prompts import turkish
from app.prompts.glossary import to_english
from app.prompts.language import detect
from app.prompts.lexicon import lexicon

TOPICS = [
    ("sera için LoRaWAN nem sensörü", "LoRaWAN humidity sensor for greenhouse"),
    ("sera icin lorawan nem sensoru", "LoRaWAN humidity sensor for greenhouse"),
    ("SERA İÇİN NEM SENSÖRÜ", "humidity sensor for greenhouse"),
    ("seralar için nem sensörleri", "humidity sensors for greenhouses"),
    ("Soğuk zincirde sıcaklık takibi", "temperature tracking in cold chain"),
    (
        "Sera sulamasında sensörle %30 su tasarrufu",
        "30% water saving with sensor in greenhouse irrigation",
    ),
    ("Fabrikada enerji izleme", "energy monitoring in factory"),
    ("Fabrikalarda enerji izleme", "energy monitoring in factories"),
    ("Fabrikadaki titreşim sensörleri", "vibration sensors in factory"),
    ("Fabrikanın enerji tüketimi", "factory energy consumption"),
    ("Fabrikaların enerji tüketimini azaltıyoruz", "reducing factory energy consumption"),
    ("Fabrikada ve depoda enerji takibi", "energy tracking in factory and warehouse"),
    ("Sahadan buluta veri aktarımı", "data transfer from field to cloud"),
    ("Modbus'tan MQTT'ye geçiş", "transition from Modbus to MQTT"),
    ("ESP32'li toprak nemi sensörü", "ESP32 soil moisture sensor"),
    ("LoRaWAN ile sayaç okuma", "meter reading with LoRaWAN"),
    ("Antalya'da akıllı sera projesi", "smart greenhouse project in Antalya"),
    ("İzmir'de yeni ofis", "new office in Izmir"),
    ("Yeni ofisimize taşındık", "moving to new office"),
    ("Ekibimize yeni mühendisler katıldı", "new engineers joining team"),
    ("Yazılım ekibimiz büyüyor", "software team growing"),
    ("LoRaWAN ağ geçidimizi tanıtıyoruz", "introducing LoRaWAN gateway"),
    ("Güneş panellerinde arıza tespiti", "fault detection in solar panels"),
    ("Çatıda güneş enerjisi", "solar energy on roof"),
    ("Siber saldırılara karşı koruma", "protection against cyberattacks"),
    ("Sıcaklık, nem ve basınç takibi", "temperature, humidity and pressure tracking"),
    ("sıcaklık/nem sensörü", "temperature humidity sensor"),
    ("Yapay zekâ ile kalite kontrol", "quality control with artificial intelligence"),
    ("YAPAY ZEKA", "artificial intelligence"),
    ("Makine öğrenmesiyle anomali tespiti", "anomaly detection with machine learning"),
    (
        "Kestirimci bakımla plansız duruşları azaltmak",
        "reducing unplanned downtimes with predictive maintenance",
    ),
    ("Akıllı şehirlerde otopark doluluk takibi", "parking occupancy tracking in smart cities"),
    ("Müşterilerimizin verilerini koruyoruz", "protecting customer data"),
    ("kişisel verilerin korunması", "personal data protection"),
    ("Toprak neminin izlenmesi", "soil moisture monitoring"),
    ("Hayvanların konum takibi", "livestock location tracking"),
    ("Depolarda izleme: gıda güvenliği", "monitoring in warehouses, food safety"),
    ("20 °C altında aşı depolama", "vaccine storage under 20 degrees C"),
    ("Üretimde yüzde 20 tasarruf", "20% saving in production"),
    ("Kuyu suyu seviyesini LoRaWAN ile ölçmek", "measuring well water level with LoRaWAN"),
    ("Sunucularımızı buluta taşıdık", "moving servers to cloud"),
    ("Bulutta veri yedekleme", "data backup in cloud"),
    ("Ar-Ge merkezimiz açıldı", "opening research and development center"),
    ("Uzaktan sayaç okuma nasıl yapılır?", "remote meter reading"),
    ("nesnelerin interneti nedir", "Internet of Things"),
    ("NB-IoT su sayacı", "NB-IoT water meter"),
    ("Node-RED dashboard'da canlı veri", "live data on Node-RED dashboard"),
    ("5 yeni sensör", "5 new sensors"),
    ("kadınlar için kodlama atölyesi", "coding workshop for women"),
    ("2,4 GHz anten", "2,4 GHz antenna"),
    ("Sera için", "greenhouse"),
    ("ağ", "network"),
]


@pytest.mark.parametrize("topic,english", TOPICS)
def test_a_turkish_topic_reads_like_english(topic: str, english: str) -> None:
    found = to_english(topic)
    assert (found.text, found.unknown) == (english, ())


@pytest.mark.parametrize(
    "topic",
    [
        "Smart irrigation saves water",
        "LoRaWAN humidity sensor for greenhouse",
        "Launching our new IoT gateway (v2.1)",
        "How we cut downtime by 30%",
        "MQTT & Modbus",
        "GPU",
    ],
)
def test_an_english_topic_passes_untouched(topic: str) -> None:
    assert to_english(topic).text == topic


@pytest.mark.parametrize(
    "topic,text,unknown",
    [
        ("Zıpzıp sensörü", "sensor", ("Zıpzıp",)),
        ("Sera için fıstıkçı şahap", "greenhouse", ("fıstıkçı", "şahap")),
        ("Hayırlı olsun", "", ("Hayırlı",)),
        ("Сенсор температуры", "", ("Сенсор", "температуры")),
        ("sensor 传感器 for homes", "sensor for homes", ("传感器",)),
        ("Otobüs hopurdaklarında nem ölçümü", "humidity measurement in bus", ("hopurdaklarında",)),
    ],
)
def test_unknown_words_are_named_and_left_out(
    topic: str, text: str, unknown: tuple[str, ...]
) -> None:
    found = to_english(topic)
    assert (found.text, found.unknown) == (text, unknown)


@pytest.mark.parametrize(
    "topic,text",
    [
        ("Our café – 20 °C", "Our cafe - 20 degrees C"),
        ("Opening our Çankaya office", "Opening our Cankaya office"),
        ("from € 5 to ½", "from EUR 5 to 1/2"),
    ],
)
def test_signs_of_an_english_topic_become_plain_letters(topic: str, text: str) -> None:
    assert to_english(topic).text == text


@pytest.mark.parametrize(
    "topic,language",
    [
        ("sera için nem sensörü", "tr"),
        ("sera sulama", "tr"),
        ("Modbus'tan MQTT'ye", "tr"),
        ("smart irrigation for farms", "en"),
        ("how to save water in a greenhouse", "en"),
        ("We are done with the team's work", "en"),
        ("LoRaWAN", "en"),
        ("Robot kolu", "tr"),
        ("Zilyonluk kopuzlar", "tr"),
        ("Hummingbird feeding", "en"),
        ("🚜", None),
        ("12345", None),
    ],
)
def test_the_language_is_told_by_the_words(topic: str, language: str | None) -> None:
    assert detect(topic) == language


def test_the_asked_language_decides_only_where_the_words_do_not() -> None:
    assert to_english("Zort", "tr").unknown == ("Zort",)
    assert to_english("Zort", "en").text == "Zort"
    assert to_english("sera sulama", "en").text == "greenhouse irrigation"


def test_the_glossary_is_large_enough_for_the_trade() -> None:
    assert len(lexicon().entries) > 900


def test_all_english_of_the_glossary_is_plain_ascii() -> None:
    assert [m.english for m in lexicon().entries.values() if not m.english.isascii()] == []


def test_every_entry_of_the_glossary_is_found_by_its_own_spelling() -> None:
    lost = [key for key in lexicon().entries if to_english(key, "tr").unknown]
    assert lost == []


@pytest.mark.parametrize(
    "word,lowered,folded",
    [
        ("ISI", "ısı", "isi"),
        ("İZLEME", "izleme", "izleme"),
        ("Iğdır", "ığdır", "igdir"),
        ("ZEKÂ", "zeka", "zeka"),
    ],
)
def test_case_is_folded_by_turkish_rules(word: str, lowered: str, folded: str) -> None:
    assert (turkish.lower(word), turkish.fold(word)) == (lowered, folded)


@pytest.mark.parametrize(
    "word,stem,case,plural",
    [
        ("sensörlerimizde", "sensör", "in", True),
        ("takibi", "takip", None, False),
        ("bulutlara", "bulut", "to", True),
        ("zincirden", "zincir", "from", False),
        ("bakımla", "bakım", "with", False),
        ("rengi", "renk", None, False),
    ],
)
def test_endings_come_off_and_say_what_they_mean(
    word: str, stem: str, case: str | None, plural: bool
) -> None:
    found = next(one for one in turkish.stems(word) if one.text == stem)
    assert (found.case, found.plural) == (case, plural)


@pytest.mark.parametrize(
    "word,stem,form",
    [
        ("izliyoruz", "izle", "finite"),
        ("izlemek", "izle", "finite"),
        ("izlenme", "izle", "nominal"),
        ("ölçen", "ölç", "nominal"),
        ("azaltın", "azalt", "finite"),
        ("kuruldu", "kur", "finite"),
        ("kurum", "kur", None),
        ("bulut", "bul", None),
    ],
)
def test_verbs_are_known_in_their_forms(word: str, stem: str, form: str | None) -> None:
    assert turkish.verb_form(turkish.fold(word), turkish.fold(stem)) == form


@given(text=st.text(max_size=120), language=st.sampled_from(["tr", "en", None]))
def test_whatever_is_typed_comes_out_in_ascii(text: str, language: str | None) -> None:
    found = to_english(text, language)
    assert all(" " <= char <= "~" for char in found.text)


TURKISH_WORDS = st.text(alphabet="abcçdeğıiklmnoöprsştuüvyz", min_size=3, max_size=12)


@given(words=st.lists(TURKISH_WORDS, min_size=1, max_size=6))
def test_no_turkish_word_reaches_the_english_unless_it_was_understood(words: list[str]) -> None:
    found = to_english("sera için " + " ".join(words), "tr")
    allowed = " ".join(m.english for m in lexicon().entries.values()).lower()
    allowed += " ".join(lexicon().verbs.values()) + " " + " ".join(lexicon().english)
    allowed += " " + " ".join(lexicon().names)
    known = {word.rstrip("s") for word in allowed.replace("-", " ").split()}
    for word in found.text.replace(",", " ").replace("-", " ").lower().split():
        singular = {
            word,
            word.rstrip("s"),
            word.removesuffix("es"),
            word.removesuffix("ies") + "y",
        }
        assert singular & known or word in {"women", "children", "shelves", "leaves"}
