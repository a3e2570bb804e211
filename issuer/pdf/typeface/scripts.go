package typeface

import (
	"unicode"

	"github.com/go-text/typesetting/language"
)

// pdfNames has every font file and the name that it bears in a document.
var pdfNames = map[string]string{
	"regular": "NotoSans-SemiCondensed", "semibold": "NotoSans-SemiCondensedSemiBold",
	"serif": "NotoSerif-SemiCondensedMedium",
	"adlam": "NotoSansAdlam-Regular", "arabic": "NotoSansArabic-SemiBold", "armenian": "NotoSansArmenian-SemiBold",
	"bengali": "NotoSansBengali-SemiBold", "canadianaboriginal": "NotoSansCanadianAboriginal-SemiBold",
	"cherokee": "NotoSansCherokee-SemiBold", "chinese": "NotoSansSC-SemiBold", "devanagari": "NotoSansDevanagari-SemiBold",
	"ethiopic": "NotoSansEthiopic-SemiBold", "georgian": "NotoSansGeorgian-SemiBold", "gujarati": "NotoSansGujarati-SemiBold",
	"gurmukhi": "NotoSansGurmukhi-SemiBold", "hebrew": "NotoSansHebrew-SemiBold", "japanese": "NotoSansJP-SemiBold",
	"kannada": "NotoSansKannada-SemiBold", "khmer": "NotoSansKhmer-SemiBold", "korean": "NotoSansKR-SemiBold",
	"lao": "NotoSansLao-SemiBold", "malayalam": "NotoSansMalayalam-SemiBold", "meeteimayek": "NotoSansMeeteiMayek-SemiBold",
	"myanmar": "NotoSansMyanmar-SemiBold", "nko": "NotoSansNKo-Regular", "olchiki": "NotoSansOlChiki-SemiBold",
	"oriya": "NotoSansOriya-Regular", "sinhala": "NotoSansSinhala-SemiBold", "syriac": "NotoSansSyriac-Regular",
	"tamil": "NotoSansTamil-SemiBold", "telugu": "NotoSansTelugu-SemiBold", "thaana": "NotoSansThaana-SemiBold",
	"thai": "NotoSansThai-SemiBold", "tibetan": "NotoSerifTibetan-SemiBold", "tifinagh": "NotoSansTifinagh-Regular",
}

// scriptFonts has the font of each script beside Latin, Greek, Cyrillic, and those that Chinese characters serve.
var scriptFonts = map[language.Script]string{
	language.Adlam: "adlam", language.Arabic: "arabic", language.Armenian: "armenian", language.Bengali: "bengali",
	language.Canadian_Aboriginal: "canadianaboriginal", language.Cherokee: "cherokee", language.Devanagari: "devanagari",
	language.Ethiopic: "ethiopic", language.Georgian: "georgian", language.Gujarati: "gujarati", language.Gurmukhi: "gurmukhi",
	language.Hebrew: "hebrew", language.Kannada: "kannada", language.Khmer: "khmer", language.Lao: "lao",
	language.Malayalam: "malayalam", language.Meetei_Mayek: "meeteimayek", language.Myanmar: "myanmar", language.Nko: "nko",
	language.Ol_Chiki: "olchiki", language.Oriya: "oriya", language.Sinhala: "sinhala", language.Syriac: "syriac",
	language.Tamil: "tamil", language.Telugu: "telugu", language.Thaana: "thaana", language.Thai: "thai",
	language.Tibetan: "tibetan", language.Tifinagh: "tifinagh",
}

// joined are the scripts in which a joiner (U+200C, U+200D) changes how letters look. Between others it is invisible, and
// two names that look the same would not be.
var joined = map[language.Script]bool{
	language.Adlam: true, language.Arabic: true, language.Bengali: true, language.Devanagari: true, language.Gujarati: true,
	language.Gurmukhi: true, language.Kannada: true, language.Khmer: true, language.Malayalam: true, language.Myanmar: true,
	language.Nko: true, language.Oriya: true, language.Sinhala: true, language.Syriac: true, language.Tamil: true,
	language.Telugu: true, language.Tibetan: true,
}

func isEastAsian(s language.Script) bool {
	switch s {
	case language.Han, language.Hiragana, language.Katakana, language.Katakana_Or_Hiragana, language.Hangul, language.Bopomofo:
		return true
	}
	return false
}

// eastAsianFonts is the order in which fonts are asked for a text with Chinese characters. The three countries write some of them
// differently, and Unicode does not say which is meant: kana or a variation sequence say Japan, else it is China. Hangul
// has a font of its own, whose text takes its ideographs from the next.
func eastAsianFonts(text []rune) []string {
	for _, r := range text {
		switch s := language.LookupScript(r); {
		case s == language.Hiragana, s == language.Katakana, r == '々', r == 'ー', r == '〆', unicode.Is(unicode.Variation_Selector, r):
			return []string{"japanese", "chinese", "korean"}
		case s == language.Hangul:
			return []string{"korean", "chinese", "japanese"}
		}
	}
	return []string{"chinese", "japanese", "korean"}
}

const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'

func isJoiner(r rune) bool { return r == zeroWidthNonJoiner || r == zeroWidthJoiner }

// isUnseen says whether nothing of a character can be seen on paper, other than a space: controls, bidi overrides, private
// use, and fillers. A joiner is judged by where it stands.
func isUnseen(r rune) bool {
	if isJoiner(r) {
		return false
	}
	switch {
	case r == '\u034f', r == '\u115f', r == '\u1160', r == '\u17b4', r == '\u17b5', r >= '\u180b' && r <= '\u180f', r == '\u3164',
		r == '\uffa0', r == '\ufffd', r == '\u2800':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Zl, unicode.Zp)
}
