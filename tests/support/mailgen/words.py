"""Names, subjects and sentences per language, with the charsets that such mail really uses.

A charset that cannot carry a text gives way to UTF-8 (see mime.charset_for).
"""

from typing import NamedTuple


class Language(NamedTuple):
    charsets: tuple
    names: tuple
    subjects: tuple
    sentences: tuple
    has_spaces: bool = True
    is_rtl: bool = False


LANGUAGES = {
    "en": Language(
        ("us-ascii", "utf-8", "iso-8859-1", "windows-1252"),
        ("Ada Harris", "Ben Okafor", "Chloe Martin", "Daniel Reed", "O'Neill, Sean", "Priya Shah"),
        (
            "Minutes of the planning meeting",
            "Lunch on Thursday?",
            "Lighthouse: paint samples",
            "Invoice 2024-118",
            "Backup finished with warnings",
            "Your tickets for the ferry",
            "Draft of the spring catalogue",
            "Can we move the call?",
        ),
        (
            "Thank you for the quick answer.",
            "The samples arrived this morning and look better than expected.",
            "Could you check the second column before noon?",
            "I am on the train and will read it tonight.",
            "We agreed to postpone the delivery by one week.",
            "The harbour office wants a signed copy.",
            "See https://example.org/plans?page=2&view=all for the drawings.",
            "If nothing speaks against it, I will order the larger one.",
            "Nobody has seen the key since the summer party, and the spare one does not fit any of the doors.",
        ),
    ),
    "de": Language(
        ("iso-8859-1", "iso-8859-15", "utf-8", "windows-1252"),
        ("Jörg Weiß", "Käthe Brühl", "Anneliese Groß", "Müller, Günter"),
        (
            "Rückfrage zum Angebot",
            "Schlüsselübergabe am Samstag",
            "Größe der Fensterläden",
            "Protokoll der Bürobesprechung",
        ),
        (
            "Vielen Dank für die schnelle Rückmeldung.",
            "Die Schlüssel liegen beim Pförtner.",
            "Könnten Sie bitte die Maße noch einmal prüfen?",
            "Das kostet ungefähr fünfzig Euro mehr.",
            "Mit freundlichen Grüßen aus Lübeck.",
            "Übermorgen bin ich wieder im Büro.",
        ),
    ),
    "fr": Language(
        ("iso-8859-1", "iso-8859-15", "utf-8", "windows-1252"),
        ("Hélène Dubois", "François Lefèvre", "Noël Garçon"),
        ("Réunion déplacée à jeudi", "Devis pour la façade", "Où sont les clés ?", "Congés d'été"),
        (
            "Merci beaucoup pour votre réponse.",
            "La façade sera repeinte à la fin du mois.",
            "Pourriez-vous vérifier les dimensions avant midi ?",
            "Le reçu est joint à ce message.",
            "À très bientôt.",
        ),
    ),
    "es": Language(
        ("iso-8859-1", "utf-8", "windows-1252"),
        ("Íñigo Muñoz", "María Peña", "José Ibáñez"),
        ("¿Comemos mañana?", "Presupuesto del año próximo", "Cambio de dirección"),
        (
            "Muchas gracias por la información.",
            "¿Podría enviarme la última versión?",
            "La señora Peña llegará mañana por la mañana.",
            "Un saludo desde Cádiz.",
        ),
    ),
    "pt": Language(
        ("iso-8859-1", "utf-8"),
        ("João Gonçalves", "Conceição Araújo"),
        ("Reunião de segunda-feira", "Licença de construção"),
        ("Obrigado pela informação.", "A decisão será tomada amanhã de manhã.", "Até à próxima."),
    ),
    "pl": Language(
        ("iso-8859-2", "utf-8", "windows-1250"),
        ("Łucja Wójcik", "Grzegorz Źrebiec", "Małgorzata Dąbrowska"),
        ("Zmiana terminu spotkania", "Pilne: faktura za wrzesień", "Zdjęcia z latarni"),
        (
            "Dziękuję za szybką odpowiedź.",
            "Proszę sprawdzić wymiary jeszcze dziś.",
            "Zdjęcia są w załączniku.",
            "Pozdrawiam serdecznie z Gdańska.",
        ),
    ),
    "cs": Language(
        ("iso-8859-2", "windows-1250", "utf-8"),
        ("Jiří Dvořák", "Růžena Křížová"),
        ("Účet za říjen", "Příští schůzka"),
        (
            "Děkuji za rychlou odpověď.",
            "Prosím zkontrolujte rozměry ještě dnes.",
            "Klíče jsou u vrátného.",
        ),
    ),
    "ru": Language(
        ("koi8-r", "windows-1251", "utf-8", "iso-8859-5"),
        ("Пётр Соколов", "Ольга Щербакова", "Юлия Ёлкина"),
        ("Встреча переносится на среду", "Счёт за сентябрь", "Чертежи маяка", "Вопрос по договору"),
        (
            "Спасибо за быстрый ответ.",
            "Чертежи во вложении, посмотрите, пожалуйста.",
            "Подъезд к объекту закрыт до пятницы.",
            "Завтра буду в офисе после обеда.",
            "С уважением, отдел снабжения.",
        ),
    ),
    "uk": Language(
        ("koi8-u", "windows-1251", "utf-8"),
        ("Їжакевич Ґанна", "Євген Іщенко"),
        ("Рахунок за вересень", "Зустріч у п'ятницю"),
        ("Дякую за швидку відповідь.", "Її ключі залишилися в офісі.", "Гарного дня!"),
    ),
    "el": Language(
        ("iso-8859-7", "utf-8", "windows-1253"),
        ("Ελένη Παππά", "Γιώργος Ξένος"),
        ("Αλλαγή ώρας συνάντησης", "Σχέδια του φάρου"),
        ("Ευχαριστώ για την απάντηση.", "Τα σχέδια είναι συνημμένα.", "Καλή σας ημέρα."),
    ),
    "tr": Language(
        ("iso-8859-9", "utf-8", "windows-1254"),
        ("Ayşe Yıldız", "İbrahim Çağlar"),
        ("Toplantı saati değişti", "Eylül faturası"),
        (
            "Hızlı cevabınız için teşekkürler.",
            "Ölçüleri bugün kontrol eder misiniz?",
            "İyi çalışmalar dilerim.",
        ),
    ),
    "he": Language(
        ("windows-1255", "iso-8859-8", "utf-8"),
        ("נועה לוי", "יעקב מזרחי"),
        ("הפגישה נדחתה ליום חמישי", "תוכניות המגדלור"),
        ("תודה על התשובה המהירה.", "התוכניות מצורפות להודעה.", "נתראה ביום חמישי."),
        is_rtl=True,
    ),
    "ar": Language(
        ("windows-1256", "iso-8859-6", "utf-8"),
        ("ليلى حداد", "يوسف النجار"),
        ("تأجيل الاجتماع", "فاتورة شهر سبتمبر"),
        ("شكرا على الرد السريع.", "المخططات مرفقة مع هذه الرسالة.", "مع أطيب التحيات."),
        is_rtl=True,
    ),
    "fa": Language(
        ("utf-8",),
        ("نرگس کریمی", "بهرام گودرزی"),
        ("تغییر زمان جلسه",),
        ("از پاسخ سریع شما سپاسگزارم.", "نقشه‌ها پیوست شده‌اند."),
        is_rtl=True,
    ),
    "ja": Language(
        ("iso-2022-jp", "utf-8", "shift_jis", "euc-jp"),
        ("山本 花子", "佐々木健", "渡辺直美"),
        ("打ち合わせ日程の変更について", "九月分のご請求書", "灯台の図面をお送りします", "来週の出張に関するお願いとご確認事項のまとめ"),
        (
            "お世話になっております。",
            "図面を添付いたしますのでご確認ください。",
            "明日の会議は午後三時からに変更になりました。",
            "ご返信をお待ちしております。",
            "どうぞよろしくお願いいたします。",
        ),
        has_spaces=False,
    ),
    "zh": Language(
        ("gb18030", "gb2312", "utf-8"),
        ("陈静", "刘建国", "赵敏"),
        ("会议时间变更", "九月份发票", "灯塔图纸已更新"),
        ("感谢您的及时回复。", "图纸已附上，请查收。", "请在今天中午之前确认尺寸。", "祝您工作顺利。"),
        has_spaces=False,
    ),
    "zh-tw": Language(
        ("big5", "utf-8"),
        ("黃淑芬", "張志豪"),
        ("會議時間變更", "燈塔圖面更新"),
        ("感謝您的迅速回覆。", "圖面已附上，敬請查收。", "請於今天中午前確認尺寸。"),
        has_spaces=False,
    ),
    "ko": Language(
        ("euc-kr", "utf-8", "iso-2022-kr"),
        ("김서연", "박지훈", "최수빈"),
        ("회의 시간 변경 안내", "구월 청구서", "등대 도면 송부"),
        ("빠른 답변 감사합니다.", "도면을 첨부하오니 확인 부탁드립니다.", "내일 오후에 전화드리겠습니다."),
    ),
    "vi": Language(
        ("utf-8",),
        ("Nguyễn Thị Hạnh", "Trần Quốc Đạt"),
        ("Thay đổi giờ họp", "Hóa đơn tháng chín"),
        ("Cảm ơn bạn đã trả lời nhanh.", "Bản vẽ được đính kèm trong thư này."),
    ),
    "th": Language(
        ("tis-620", "utf-8"),
        ("สมศรี แสงทอง", "วิชัย ใจงาม"),
        ("เลื่อนเวลาประชุม", "ใบแจ้งหนี้เดือนกันยายน"),
        ("ขอบคุณสำหรับคำตอบ", "แบบแปลนแนบมาพร้อมจดหมายนี้"),
    ),
    "hi": Language(
        ("utf-8",),
        ("सुनीता शर्मा", "अर्जुन वर्मा"),
        ("बैठक का समय बदला गया", "सितंबर का बिल"),
        ("शीघ्र उत्तर के लिए धन्यवाद।", "नक्शे इस पत्र के साथ संलग्न हैं।"),
    ),
    "emoji": Language(
        ("utf-8",),
        ("Zoë 🦊", "👩‍💻 Platform team"),
        ("🎉 Launch day!", "Weekly numbers 📈 and a question"),
        (
            "We did it 🚀🚀, the counter passed ten thousand.",
            "Family: 👨‍👩‍👧‍👦, flag: 🇯🇵, thumbs: 👍🏽.",
            "Composed é and decomposed e\u0301 look the same.",
        ),
    ),
}

# How often a language is drawn; what is not named is drawn once.
LANGUAGE_WEIGHTS = {"en": 14, "de": 4, "fr": 3, "ru": 3, "ja": 3, "zh": 2, "es": 2}

# Attached files: (name, media type). The content follows from the type (see files.py).
FILE_NAMES = (
    ("drawing.pdf", "application/pdf"),
    ("prices.csv", "text/csv"),
    ("photo.png", "image/png"),
    ("samples.zip", "application/zip"),
    ("notes.txt", "text/plain"),
    ("survey data.bin", "application/octet-stream"),
    ("Größenübersicht 2025.pdf", "application/pdf"),
    ("見積書.pdf", "application/pdf"),
    ("счёт-фактура.csv", "text/csv"),
    ("relevé d'été – final.zip", "application/zip"),
    ("图纸（最终版）.png", "image/png"),
    ('quote"back\\slash.txt', "text/plain"),
    ("semi;colon, comma.txt", "text/plain"),
    ("party 🎉.png", "image/png"),
    (
        "a very long name that no sender should ever choose but that some of them choose nevertheless "
        "because their archive system makes it up from the subject line.pdf",
        "application/pdf",
    ),
)

DOMAINS = (
    "example.com",
    "example.net",
    "harbour.example",
    "lighthouse.example",
    "xn--bcher-kva.example",
)
