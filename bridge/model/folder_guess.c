/*
 * Folder roles by name. Servers with SPECIAL-USE (RFC 6154) tell; for the
 * others there are only the names that mail programs gave the folders they
 * created, each in its user's language.
 */
#include <uchar.h>

#include "base/buf.h"
#include "model/folder.h"

#define FOLDED_MAX_BYTES 96 /* longer than any known name */

/* Names as fold() leaves them: lower-case, letters without their accents. A '|'
 * stands on either side of each. */
static const char *const names_of_role[FOLDER_ROLES] = {
	[FOLDER_ROLE_DRAFTS] =
		"|drafts|draft|draft messages|entwurfe|entwurf|brouillons|brouillon|borradores"
		"|borrador|bozze|rascunhos|rascunho|concepten|utkast|kladder|kladde|luonnokset"
		"|luonnos|robocze|kopie robocze|szkice|wersje robocze|koncepty|rozepsane"
		"|rozpisane|piszkozatok|ciorne|taslaklar|esborranys|osnutki|skice|nacrti"
		"|mustandid|juodrasciai|melnraksti|zirriborroak|thu nhap|ban nhap|konsep|draf"
		"|черновики|чернетки|чернови|нацрти|προχειρα|下書き|草稿|草稿箱|草稿匣|草稿夹"
		"|임시보관함|임시 "
		"보관함|مسودات|المسودات|טיוטות|แบบร่าง|ड्राफ़्ट|"
		"پیش‌نویس‌ها|",
	[FOLDER_ROLE_SENT] =
		"|sent|sent items|sent messages|sent mail|sent-mail|sentmail|sent objects"
		"|sent email|gesendet|gesendete objekte|gesendete elemente"
		"|gesendete nachrichten|gesendete e-mails|envoyes|messages envoyes"
		"|elements envoyes|courrier envoye|objets envoyes|enviados|elementos enviados"
		"|mensajes enviados|correo enviado|enviadas|itens enviados|mensagens enviadas"
		"|e-mails enviados|inviati|inviata|posta inviata|messaggi inviati"
		"|elementi inviati|verzonden|verzonden items|verzonden berichten|verstuurd"
		"|skickat|skickade|skickade objekt|skickade meddelanden|sendt|sendt post"
		"|sendte elementer|sendte meldinger|sendte|lahetetyt|lahetetyt viestit"
		"|lahetetyt kohteet|wyslane|elementy wyslane|odeslane|odeslana posta"
		"|odeslane polozky|odoslane|odoslana posta|elkuldott|elkuldott elemek"
		"|elkuldott uzenetek|trimise|elemente trimise|mesaje trimise|gonderilmis"
		"|gonderilmis ogeler|gonderilmis postalar|gonderilenler|gonderilen|enviats"
		"|elements enviats|poslano|poslana posta|poslato|poslane stavke|saadetud"
		"|saadetud kirjad|issiusti|issiusta|nosutitie|bidalita|da gui|thu da gui"
		"|terkirim|item terkirim|отправленные|отправленное|надіслані|відправлені"
		"|изпратени|послате|απεσταλμενα|σταλμενα|送信済み|送信済みメール"
		"|送信済みアイテム|送信済みトレイ|已发送|已发邮件|已发送邮件|已傳送|寄件備份"
		"|寄件備份匣|寄件备份|보낸편지함|보낸 편지함|보낸메일함|المرسلة|البريد المرسل"
		"|العناصر المرسلة|נשלח|פריטים שנשלחו|דואר יוצא|รายการที่ส่ง|จดหมายที่ส่งแล้ว|भेजे गए"
		"|ارسال‌شده|",
	[FOLDER_ROLE_ARCHIVE] =
		"|archive|archives|archived|archiv|archivio|archiviati|archivados|archivo"
		"|archivo de correo|arquivo|arquivados|arquivo morto|archief|arkiv|arkisto"
		"|arkiverat|archiwum|archivum|arhiva|arsiv|arxiu|arhiv|arhiiv|archyvas|arhivs"
		"|luu tru|arsip|архив|архів|архива|αρχειοθηκη|αρχειο|アーカイブ|归档|存档|封存"
		"|보관함|보관|أرشيف|الأرشيف|ארכיון|คลังเก็บ|",
	[FOLDER_ROLE_JUNK] =
		"|junk|junk mail|junk e-mail|junk email|spam|spam mail|bulk|bulk mail"
		"|unsolicited|spamverdacht|unerwunscht|unerwunschte werbung"
		"|unerwunschte e-mails|junk-e-mail|indesirables|courrier indesirable|pourriel"
		"|pourriels|correo no deseado|correo basura|no deseado|lixo eletronico"
		"|lixo electronico|correio eletronico nao solicitado|posta indesiderata"
		"|indesiderata|posta spazzatura|ongewenste e-mail|ongewenste berichten"
		"|ongewenst|skrappost|skrapmejl|uonsket|uonsket e-mail|uonsket mail"
		"|uonsket e-post|soppelpost|roskaposti|wiadomosci-smieci|niechciane"
		"|nevyzadana posta|nevyziadana posta|leveszemet|levelszemet|mesaje nedorite"
		"|mesaj nedorit|gereksiz|gereksiz e-posta|onemsiz|onemsiz e-posta|istenmeyen"
		"|correu brossa|vsiljena posta|nezeljena posta|neprosena posta|rampspost"
		"|brukalas|surogats|zabor-posta|thu rac|thu spam|спам|нежелательная почта"
		"|небажана пошта|нежелана поща|непожелана пошта|ανεπιθυμητα"
		"|ανεπιθυμητη αλληλογραφια|迷惑メール|垃圾邮件|垃圾郵件|廣告信件匣|广告邮件"
		"|스팸|스팸메일|스팸함|스팸편지함|정크 메일|بريد مزعج|البريد غير الهام"
		"|البريد العشوائي|דואר זבל|זבל|ספאם|อีเมลขยะ|จดหมายขยะ|स्पैम|هرزنامه|",
	[FOLDER_ROLE_TRASH] =
		"|trash|bin|rubbish|deleted|deleted items|deleted messages|deleted mail"
		"|trash can|wastebasket|papierkorb|geloscht|geloschte objekte"
		"|geloschte elemente|geloschte nachrichten|corbeille|poubelle"
		"|elements supprimes|messages supprimes|objets supprimes|papelera"
		"|papelera de reciclaje|eliminados|elementos eliminados|mensajes eliminados"
		"|correo eliminado|lixeira|lixo|itens excluidos|itens eliminados"
		"|mensagens excluidas|excluidos|apagadas|cestino|posta eliminata"
		"|messaggi eliminati|elementi eliminati|prullenbak|prullenmand|verwijderd"
		"|verwijderde items|verwijderde berichten|papperskorg|papperskorgen"
		"|borttagna objekt|borttaget|borttagna|papirkurv|papirkorg|papirkurven"
		"|slettet post|slettet|slettede elementer|sletta|roskakori|poistetut"
		"|poistetut viestit|poistetut kohteet|kosz|usuniete|elementy usuniete|kos"
		"|odstranena posta|odstranene polozky|smazane|vymazane|kuka|torolt elemek"
		"|torolt|lomtar|cos de gunoi|gunoi|cos|elemente sterse|mesaje sterse|cop"
		"|cop kutusu|cop sepeti|silinmis ogeler|silinen|paperera|smetnjak|izbrisano"
		"|smece|izbrisane stavke|prugikast|kustutatud|siuksline|siuksliadeze|atkritne"
		"|zakarrontzia|thung rac|sampah|tong sampah|корзина|удаленные|удаленное|кошик"
		"|видалені|кошче|изтрити|отпад|смеће|канта|καδοσ|καδοσ ανακυκλωσησ"
		"|καδοσ απορριμματων|απορριμματα|διαγραμμενα|ゴミ箱|ごみ箱|削除済みアイテム"
		"|削除済みメール|已删除|已删除邮件|已刪除的郵件|废件箱|垃圾桶|垃圾箱|刪除的郵件"
		"|刪除郵件|휴지통|지운편지함|지운 편지함|삭제된 편지함|المهملات|سلة المهملات"
		"|العناصر المحذوفة|المحذوفة|אשפה|פח האשפה|פריטים "
		"שנמחקו|ถังขยะ|ट्रैश|زباله‌دان|",
	[FOLDER_ROLE_ALL] =
		"|all mail|alle nachrichten|tous les messages|todos|todo el correo"
		"|todos los mensajes|todos os e-mails|todo o correio|tutti i messaggi"
		"|tutta la posta|alle berichten|alle e-mail|all e-post|alla mail|alle mails"
		"|kaikki viestit|wszystkie|vsechny zpravy|vsetky spravy|osszes level"
		"|toate mesajele|tum postalar|tat ca thu|вся почта|вся пошта|ολα τα μηνυματα"
		"|すべてのメール|所有邮件|所有郵件|전체보관함|كل البريد|כל הדואר|",
	[FOLDER_ROLE_FLAGGED] =
		"|flagged|starred|markiert|suivis|messages suivis|destacados|com estrela"
		"|speciali|met ster|stjarnmarkt|stjernemerket|stjernemarkeret|merkityt tahdella"
		"|oznaczone gwiazdka|s hvezdickou|s hviezdickou|csillagozott|cu stea|yildizli"
		"|co gan dau sao|помеченные|із зірочкою|με αστερι|スター付き|已加星标|已加星號"
		"|별표편지함|مميزة بنجمة|מסומן בכוכב|",
	[FOLDER_ROLE_IMPORTANT] =
		"|important|wichtig|importants|importantes|importanti|belangrijk|viktigt|viktig"
		"|vigtigt|tarkeat|wazne|dulezite|dolezite|fontos|onemli|важное|важливо"
		"|σημαντικα|重要|重要邮件|重要郵件|중요|هام|חשוב|",
};

/* What the letters of a block become: lower-case and without accents. */
static const struct fold_block {
	uint32_t first, last;
	const char16_t *to;
} fold_blocks[] = {
	/* Latin-1 and Latin Extended-A */
	{ 0x00c0, 0x017f,
	  u"aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo*ouuuuyty"
	  u"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllll"
	  u"nnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" },
	/* Vietnamese o and u with horn, Romanian s and t with comma */
	{ 0x01a0, 0x01a1, u"oo" },
	{ 0x01af, 0x01b0, u"uu" },
	{ 0x0218, 0x021b, u"sstt" },
	/* Greek */
	{ 0x0386, 0x03ce,
	  u"α·εηι΋ο΍υωιαβγδεζηθικλμνξοπρ΢στυφχψωιυ"
	  u"αεηιυαβγδεζηθικλμνξοπρσστυφχψωιυουω" },
	/* Cyrillic */
	{ 0x0400, 0x045f,
	  u"ееђгєѕііјљњћкиуџабвгдежзииклмнопрстуфхцчшщъыьэюя"
	  u"абвгдежзииклмнопрстуфхцчшщъыьэюяееђгєѕііјљњћкиуџ" },
	/* Vietnamese */
	{ 0x1ea0, 0x1ef9,
	  u"aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiii"
	  u"oooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy" },
};

static uint32_t fold_char(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	for (size_t i = 0; i < sizeof fold_blocks / sizeof fold_blocks[0]; i++)
		if (c >= fold_blocks[i].first && c <= fold_blocks[i].last)
			return fold_blocks[i].to[c - fold_blocks[i].first];
	return c;
}

/* The next character of valid UTF-8. */
static uint32_t take_char(struct bytes *b)
{
	uint8_t lead = b->at[0];
	size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? lead : lead & (0x7fU >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (b->at[i] & 0x3f);
	*b = bytes_skip(*b, n);
	return c;
}

static void append_char(struct buf *to, uint32_t c)
{
	if (c < 0x80) {
		buf_append_byte(to, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		buf_append_byte(to, (uint8_t)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_append_byte(to, (uint8_t)(0xe0 | c >> 12));
		} else {
			buf_append_byte(to, (uint8_t)(0xf0 | c >> 18));
			buf_append_byte(to, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_append_byte(to, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_append_byte(to, (uint8_t)(0x80 | (c & 0x3f)));
}

/* "|name|" in the form of names_of_role. Combining accents are dropped, so that
 * composed and decomposed names are the same. */
static void fold(struct buf *to, struct bytes name)
{
	buf_append_byte(to, '|');
	while (name.len) {
		uint32_t c = take_char(&name);

		if (c < 0x300 || c > 0x36f)
			append_char(to, fold_char(c));
	}
	buf_append_byte(to, '|');
}

/* Where Gmail and servers like Courier put everybody's folders. Says whether it
 * was one of Gmail's prefixes. */
static bool strip_prefix(struct bytes *name)
{
	static const char *const gmail[] = { "[Gmail]/", "[Google Mail]/" };
	static const char *const inbox[] = { "INBOX.", "INBOX/" };

	for (size_t i = 0; i < 2; i++) {
		if (bytes_starts_with_nocase(*name, bytes_of_str(gmail[i]))) {
			*name = bytes_skip(*name, strlen(gmail[i]));
			return true;
		}
		if (bytes_starts_with_nocase(*name, bytes_of_str(inbox[i]))) {
			*name = bytes_skip(*name, strlen(inbox[i]));
			return false;
		}
	}
	return false;
}

static enum folder_role role_of_folded(struct bytes folded, bool is_gmail)
{
	/* Views that only Gmail has; elsewhere "Important" is a folder like any other. */
	unsigned end = is_gmail ? FOLDER_ROLES : FOLDER_ROLE_ALL;

	for (unsigned i = FOLDER_ROLE_DRAFTS; i < end; i++) {
		struct bytes names = bytes_of_str(names_of_role[i]);

		if (bytes_find(names, folded) < names.len)
			return (enum folder_role)i;
	}
	return FOLDER_ROLE_NONE;
}

enum folder_role folder_role_guess(struct bytes name)
{
	enum folder_role role = FOLDER_ROLE_NONE;
	struct buf folded;
	bool is_gmail;

	if (bytes_equal_str_nocase(name, "INBOX"))
		return FOLDER_ROLE_INBOX;
	is_gmail = strip_prefix(&name);
	if (name.len == 0 || !bytes_is_utf8(name) || bytes_index(name, '|') < name.len)
		return FOLDER_ROLE_NONE;
	buf_init(&folded, FOLDED_MAX_BYTES);
	fold(&folded, name);
	if (buf_err(&folded) == ERR_OK)
		role = role_of_folded(buf_bytes(&folded), is_gmail);
	buf_done(&folded);
	return role;
}
