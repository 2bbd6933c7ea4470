#include "mime/charset_names.h"

#include "mime/charset.h"

/* From WHATWG Encoding §4.2, IANA's register and what mail really says. A name
 * is looked up without punctuation and without a leading "x-". */
static const struct charset charsets[] = {
	{ CHARSET_UTF8, NULL, "|utf8|unicode11utf8|utf8mb4|utf8n|cp65001|windows65001|utf|" },
	{ CHARSET_ASCII, NULL,
	  "|usascii|ascii|ansix341968|ansix341986|isoir6|iso646us|iso646irv1991|us"
	  "|cp367|ibm367|csascii|" },
	{ CHARSET_LATIN1, NULL,
	  "|iso88591|iso885911987|latin1|l1|cp819|ibm819|isoir100|csisolatin1"
	  "|windows1252|cp1252|win1252|ansi|msansi|windows|western|" },
	{ CHARSET_ICONV, "ISO-8859-2", "|iso88592|latin2|l2|isoir101|csisolatin2|iso885921987|" },
	{ CHARSET_ICONV, "ISO-8859-3", "|iso88593|latin3|l3|csisolatin3|isoir109|" },
	{ CHARSET_ICONV, "ISO-8859-4", "|iso88594|latin4|l4|csisolatin4|isoir110|" },
	{ CHARSET_ICONV, "ISO-8859-5",
	  "|iso88595|cyrillic|isoir144|csisolatincyrillic|iso885951988|" },
	{ CHARSET_ICONV, "ISO-8859-6",
	  "|iso88596|iso88596i|iso88596e|arabic|isoir127|ecma114|asmo708"
	  "|csisolatinarabic|" },
	{ CHARSET_ICONV, "ISO-8859-7",
	  "|iso88597|greek|greek8|isoir126|ecma118|elot928|csisolatingreek"
	  "|iso885971987|" },
	{ CHARSET_ICONV, "ISO-8859-8",
	  "|iso88598|iso88598i|iso88598e|hebrew|isoir138|logical|visual"
	  "|csisolatinhebrew|" },
	{ CHARSET_ICONV, "CP1254",
	  "|iso88599|latin5|l5|isoir148|windows1254|cp1254|win1254|csisolatin5"
	  "|turkish|" },
	{ CHARSET_ICONV, "ISO-8859-10", "|iso885910|latin6|l6|isoir157|csisolatin6|" },
	{ CHARSET_ICONV, "CP874",
	  "|iso885911|tis620|tis6200|windows874|cp874|dos874|win874|thai|" },
	{ CHARSET_ICONV, "ISO-8859-13", "|iso885913|latin7|l7|" },
	{ CHARSET_ICONV, "ISO-8859-14", "|iso885914|latin8|l8|isoceltic|" },
	{ CHARSET_ICONV, "ISO-8859-15", "|iso885915|latin9|l9|latin0|csisolatin9|" },
	{ CHARSET_ICONV, "ISO-8859-16", "|iso885916|latin10|l10|" },
	{ CHARSET_ICONV, "CP1250", "|windows1250|cp1250|win1250|" },
	{ CHARSET_ICONV, "CP1251", "|windows1251|cp1251|win1251|" },
	{ CHARSET_ICONV, "CP1253", "|windows1253|cp1253|win1253|" },
	{ CHARSET_ICONV, "CP1255", "|windows1255|cp1255|win1255|" },
	{ CHARSET_ICONV, "CP1256", "|windows1256|cp1256|win1256|" },
	{ CHARSET_ICONV, "CP1257", "|windows1257|cp1257|win1257|" },
	{ CHARSET_ICONV, "CP1258", "|windows1258|cp1258|win1258|" },
	{ CHARSET_ICONV, "KOI8-R", "|koi8r|koi8|koi|cskoi8r|" },
	{ CHARSET_ICONV, "KOI8-U", "|koi8u|koi8ru|" },
	{ CHARSET_ICONV, "CP437", "|cp437|ibm437|437|csibm437|dos437|cspc437|" },
	{ CHARSET_ICONV, "CP850", "|cp850|ibm850|850|csibm850|dos850|cspc850|" },
	{ CHARSET_ICONV, "CP852", "|cp852|ibm852|852|csibm852|dos852|cspc852|" },
	{ CHARSET_ICONV, "CP855", "|cp855|ibm855|855|csibm855|dos855|cspc855|" },
	{ CHARSET_ICONV, "CP857", "|cp857|ibm857|857|csibm857|dos857|cspc857|" },
	{ CHARSET_ICONV, "CP858", "|cp858|ibm858|858|csibm858|dos858|cspc858|" },
	{ CHARSET_ICONV, "CP860", "|cp860|ibm860|860|csibm860|dos860|cspc860|" },
	{ CHARSET_ICONV, "CP861", "|cp861|ibm861|861|csibm861|dos861|cspc861|" },
	{ CHARSET_ICONV, "CP862", "|cp862|ibm862|862|csibm862|dos862|cspc862|" },
	{ CHARSET_ICONV, "CP863", "|cp863|ibm863|863|csibm863|dos863|cspc863|" },
	{ CHARSET_ICONV, "CP865", "|cp865|ibm865|865|csibm865|dos865|cspc865|" },
	{ CHARSET_ICONV, "CP866", "|cp866|ibm866|866|csibm866|dos866|cspc866|" },
	{ CHARSET_ICONV, "CP869", "|cp869|ibm869|869|csibm869|dos869|cspc869|" },
	{ CHARSET_ICONV, "CP775", "|cp775|ibm775|775|csibm775|dos775|cspc775|" },
	{ CHARSET_ICONV, "CP737", "|cp737|ibm737|737|csibm737|dos737|cspc737|" },
	{ CHARSET_ICONV, "MACINTOSH", "|macintosh|mac|macroman|csmacintosh|" },
	{ CHARSET_ICONV, "MAC-CYRILLIC", "|maccyrillic|" },
	{ CHARSET_ICONV, "MAC-UK", "|macukrainian|macuk|" },
	{ CHARSET_ICONV, "MAC-CENTRALEUROPE", "|macce|maccentraleurope|maccentraleurroman|" },
	{ CHARSET_ICONV, "BIG5-HKSCS",
	  "|big5|big5hkscs|cnbig5|xbig5|csbig5|big5eten|cp950|windows950|" },
	{ CHARSET_ICONV, "GB18030",
	  "|gb18030|gb2312|gb231280|csgb2312|chinese|csiso58gb231280|isoir58|gbk"
	  "|cp936|windows936|ms936|euccn|cngb|gb|csgb18030|" },
	{ CHARSET_ICONV, "CP949",
	  "|euckr|cseuckr|ksc56011987|ksc56011989|ksc5601|korean|cp949|windows949"
	  "|ms949|uhc|isoir149|csksc56011987|" },
	{ CHARSET_ICONV, "JOHAB", "|johab|cp1361|" },
	{ CHARSET_ICONV, "CP932",
	  "|shiftjis|sjis|mskanji|csshiftjis|cp932|windows31j|cswindows31j|ms932"
	  "|shiftjis2004|mscp932|" },
	{ CHARSET_ICONV, "EUC-JP-MS", "|eucjp|eucjpms|ujis|cseucpkdfmtjapanese|eucjpwin|cp51932|" },
	{ CHARSET_ISO2022JP, "EUC-JP-MS",
	  "|iso2022jp|iso2022jp1|iso2022jp2|iso2022jp3|iso2022jp2004|iso2022jpms"
	  "|csiso2022jp|csiso2022jp2|jis|cp50220|cp50221|cp50222|jis7|" },
	{ CHARSET_ISO2022KR, "CP949", "|iso2022kr|csiso2022kr|" },
	{ CHARSET_HZ, "GB18030", "|hzgb2312|hz|" },
	{ CHARSET_ICONV, "UTF-7", "|utf7|unicode11utf7|csunicode11utf7|cp65000|" },
	{ CHARSET_UTF16, "UTF-16", "|utf16|ucs2|iso10646ucs2|unicode|csunicode|" },
	{ CHARSET_UTF16, "UTF-16LE", "|utf16le|ucs2le|csutf16le|" },
	{ CHARSET_UTF16, "UTF-16BE", "|utf16be|ucs2be|unicodefffe|csutf16be|" },
	{ CHARSET_UTF32, "UTF-32", "|utf32|ucs4|iso10646ucs4|" },
	{ CHARSET_UTF32, "UTF-32LE", "|utf32le|" },
	{ CHARSET_UTF32, "UTF-32BE", "|utf32be|" },
	{ CHARSET_ICONV, "VISCII", "|viscii|csviscii|" },
	{ CHARSET_ICONV, "TCVN", "|tcvn|tcvn5712|tcvn57121|" },
	{ CHARSET_ICONV, "ARMSCII-8", "|armscii8|" },
	{ CHARSET_ICONV, "GEORGIAN-PS", "|georgianps|" },
	{ CHARSET_ICONV, "PT154", "|pt154|ptcp154|cp154|" },
	{ CHARSET_ICONV, "RK1048", "|rk1048|strk10482002|" },
};

static bool is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* "|name|" as it stands in the table; returns its length, 0 if there is nothing
 * left of it. */
static size_t make_key(char key[CHARSET_NAME_MAX_BYTES + 2], struct bytes name)
{
	size_t n = 0;

	if (bytes_starts_with_nocase(name, BYTES_LIT("x-")))
		name = bytes_skip(name, 2);
	if (name.len > CHARSET_NAME_MAX_BYTES)
		return 0;
	key[n++] = '|';
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.at[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (is_alnum(c))
			key[n++] = (char)c;
	}
	key[n++] = '|';
	return n > 2 ? n : 0;
}

const struct charset *charset_find(struct bytes name)
{
	char key[CHARSET_NAME_MAX_BYTES + 2];
	size_t n = make_key(key, name);

	for (size_t i = 0; n && i < sizeof charsets / sizeof charsets[0]; i++) {
		struct bytes names = bytes_of_str(charsets[i].names);

		if (bytes_find(names, bytes_of(key, n)) < names.len)
			return &charsets[i];
	}
	return NULL;
}
