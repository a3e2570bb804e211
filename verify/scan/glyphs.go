package scan

import (
	"strconv"
	"strings"
	"sync"
)

// glyphNames are the names of the Adobe Glyph List for Latin, Greek, Cyrillic and punctuation, with what they stand for. Fonts for
// other scripts name their glyphs by code points, or come with a ToUnicode CMap.
var glyphNames = sync.OnceValue(func() map[string]string {
	words := strings.Fields(glyphList)
	names := make(map[string]string, len(words)/2)
	for i := 0; i+1 < len(words); i += 2 {
		if v, err := strconv.ParseUint(words[i], 16, 16); err == nil {
			names[words[i+1]] = string(rune(v))
		}
	}
	return names
})

// glyphList has code points in hexadecimal, each with a name.
const glyphList = `
0020 space 0021 exclam 0022 quotedbl 0023 numbersign 0024 dollar 0025 percent 0026 ampersand 0027 quotesingle 0028 parenleft 0029 parenright
002A asterisk 002B plus 002C comma 002D hyphen 002E period 002F slash 0030 zero 0031 one 0032 two 0033 three 0034 four 0035 five 0036 six 0037 seven
0038 eight 0039 nine 003A colon 003B semicolon 003C less 003D equal 003E greater 003F question 0040 at 005B bracketleft 005C backslash
005D bracketright 005E asciicircum 005F underscore 0060 grave 007B braceleft 007C bar 007D braceright 007E asciitilde 00A1 exclamdown 00A2 cent
00A3 sterling 00A4 currency 00A5 yen 00A6 brokenbar 00A7 section 00A8 dieresis 00A9 copyright 00AA ordfeminine 00AB guillemotleft 00AC logicalnot
00AE registered 00AF macron 00AF overscore 00B0 degree 00B1 plusminus 00B4 acute 00B5 mu 00B6 paragraph 00B7 periodcentered 00B8 cedilla
00BA ordmasculine 00BB guillemotright 00BC onequarter 00BD onehalf 00BE threequarters 00BF questiondown 00C0 Agrave 00C1 Aacute 00C2 Acircumflex
00C3 Atilde 00C4 Adieresis 00C5 Aring 00C6 AE 00C7 Ccedilla 00C8 Egrave 00C9 Eacute 00CA Ecircumflex 00CB Edieresis 00CC Igrave 00CD Iacute
00CE Icircumflex 00CF Idieresis 00D0 Eth 00D1 Ntilde 00D2 Ograve 00D3 Oacute 00D4 Ocircumflex 00D5 Otilde 00D6 Odieresis 00D7 multiply 00D8 Oslash
00D9 Ugrave 00DA Uacute 00DB Ucircumflex 00DC Udieresis 00DD Yacute 00DE Thorn 00DF germandbls 00E0 agrave 00E1 aacute 00E2 acircumflex 00E3 atilde
00E4 adieresis 00E5 aring 00E6 ae 00E7 ccedilla 00E8 egrave 00E9 eacute 00EA ecircumflex 00EB edieresis 00EC igrave 00ED iacute 00EE icircumflex
00EF idieresis 00F0 eth 00F1 ntilde 00F2 ograve 00F3 oacute 00F4 ocircumflex 00F5 otilde 00F6 odieresis 00F7 divide 00F8 oslash 00F9 ugrave
00FA uacute 00FB ucircumflex 00FC udieresis 00FD yacute 00FE thorn 00FF ydieresis 0100 Amacron 0101 amacron 0102 Abreve 0103 abreve 0104 Aogonek
0105 aogonek 0106 Cacute 0107 cacute 0108 Ccircumflex 0109 ccircumflex 010A Cdot 010A Cdotaccent 010B cdot 010B cdotaccent 010C Ccaron 010D ccaron
010E Dcaron 010F dcaron 0110 Dcroat 0110 Dslash 0111 dcroat 0111 dmacron 0112 Emacron 0113 emacron 0114 Ebreve 0115 ebreve 0116 Edotaccent
0117 edotaccent 0118 Eogonek 0119 eogonek 011A Ecaron 011B ecaron 011C Gcircumflex 011D gcircumflex 011E Gbreve 011F gbreve 0120 Gdot 0120 Gdotaccent
0121 gdot 0121 gdotaccent 0122 Gcommaaccent 0123 gcommaaccent 0124 Hcircumflex 0125 hcircumflex 0126 Hbar 0127 hbar 0128 Itilde 0129 itilde
012A Imacron 012B imacron 012C Ibreve 012D ibreve 012E Iogonek 012F iogonek 0130 Idotaccent 0131 dotlessi 0132 IJ 0133 ij 0134 Jcircumflex
0135 jcircumflex 0136 Kcommaaccent 0137 kcommaaccent 0138 kgreenlandic 0139 Lacute 013A lacute 013B Lcommaaccent 013C lcommaaccent 013D Lcaron
013E lcaron 013F Ldot 0140 ldot 0141 Lslash 0142 lslash 0143 Nacute 0144 nacute 0145 Ncommaaccent 0146 ncommaaccent 0147 Ncaron 0148 ncaron
0149 napostrophe 014A Eng 014B eng 014C Omacron 014D omacron 014E Obreve 014F obreve 0150 Ohungarumlaut 0151 ohungarumlaut 0152 OE 0153 oe 0154 Racute
0155 racute 0156 Rcommaaccent 0157 rcommaaccent 0158 Rcaron 0159 rcaron 015A Sacute 015B sacute 015C Scircumflex 015D scircumflex 015E Scedilla
015F scedilla 0160 Scaron 0161 scaron 0162 Tcommaaccent 0163 tcommaaccent 0164 Tcaron 0165 tcaron 0166 Tbar 0167 tbar 0168 Utilde 0169 utilde
016A Umacron 016B umacron 016C Ubreve 016D ubreve 016E Uring 016F uring 0170 Uhungarumlaut 0171 uhungarumlaut 0172 Uogonek 0173 uogonek
0174 Wcircumflex 0175 wcircumflex 0176 Ycircumflex 0177 ycircumflex 0178 Ydieresis 0179 Zacute 017A zacute 017B Zdotaccent 017C zdotaccent 017D Zcaron
017E zcaron 017F longs 0192 florin 01A0 Ohorn 01A1 ohorn 01AF Uhorn 01B0 uhorn 01FA Aringacute 01FB aringacute 01FC AEacute 01FD aeacute
01FE Oslashacute 01FF oslashacute 0218 Scommaaccent 0219 scommaaccent 02C6 circumflex 02DC tilde 0384 tonos 0385 dieresistonos 0386 Alphatonos
0387 anoteleia 0388 Epsilontonos 0389 Etatonos 038A Iotatonos 038C Omicrontonos 038E Upsilontonos 038F Omegatonos 0390 iotadieresistonos 0391 Alpha
0392 Beta 0393 Gamma 0394 Delta 0395 Epsilon 0396 Zeta 0397 Eta 0398 Theta 0399 Iota 039A Kappa 039B Lambda 039C Mu 039D Nu 039E Xi 039F Omicron
03A0 Pi 03A1 Rho 03A3 Sigma 03A4 Tau 03A5 Upsilon 03A6 Phi 03A7 Chi 03A8 Psi 03A9 Omega 03AA Iotadieresis 03AB Upsilondieresis 03AC alphatonos
03AD epsilontonos 03AE etatonos 03AF iotatonos 03B0 upsilondieresistonos 03B1 alpha 03B2 beta 03B3 gamma 03B4 delta 03B5 epsilon 03B6 zeta 03B7 eta
03B8 theta 03B9 iota 03BA kappa 03BB lambda 03BD nu 03BE xi 03BF omicron 03C0 pi 03C1 rho 03C2 sigma1 03C3 sigma 03C4 tau 03C5 upsilon 03C6 phi
03C7 chi 03C8 psi 03C9 omega 03CA iotadieresis 03CB upsilondieresis 03CC omicrontonos 03CD upsilontonos 03CE omegatonos 0401 afii10023 0402 afii10051
0403 afii10052 0404 afii10053 0405 afii10054 0406 afii10055 0407 afii10056 0408 afii10057 0409 afii10058 040A afii10059 040B afii10060 040C afii10061
040E afii10062 040F afii10145 0410 afii10017 0411 afii10018 0412 afii10019 0413 afii10020 0414 afii10021 0415 afii10022 0416 afii10024 0417 afii10025
0418 afii10026 0419 afii10027 041A afii10028 041B afii10029 041C afii10030 041D afii10031 041E afii10032 041F afii10033 0420 afii10034 0421 afii10035
0422 afii10036 0423 afii10037 0424 afii10038 0425 afii10039 0426 afii10040 0427 afii10041 0428 afii10042 0429 afii10043 042A afii10044 042B afii10045
042C afii10046 042D afii10047 042E afii10048 042F afii10049 0430 afii10065 0431 afii10066 0432 afii10067 0433 afii10068 0434 afii10069 0435 afii10070
0436 afii10072 0437 afii10073 0438 afii10074 0439 afii10075 043A afii10076 043B afii10077 043C afii10078 043D afii10079 043E afii10080 043F afii10081
0440 afii10082 0441 afii10083 0442 afii10084 0443 afii10085 0444 afii10086 0445 afii10087 0446 afii10088 0447 afii10089 0448 afii10090 0449 afii10091
044A afii10092 044B afii10093 044C afii10094 044D afii10095 044E afii10096 044F afii10097 0451 afii10071 0452 afii10099 0453 afii10100 0454 afii10101
0455 afii10102 0456 afii10103 0457 afii10104 0458 afii10105 0459 afii10106 045A afii10107 045B afii10108 045C afii10109 045E afii10110 045F afii10193
0490 afii10050 0491 afii10098 1E80 Wgrave 1E81 wgrave 1E82 Wacute 1E83 wacute 1E84 Wdieresis 1E85 wdieresis 1EF2 Ygrave 1EF3 ygrave 2013 endash
2014 emdash 2015 afii00208 2018 quoteleft 2019 quoteright 201A quotesinglbase 201C quotedblleft 201D quotedblright 201E quotedblbase 2020 dagger
2021 daggerdbl 2022 bullet 2026 ellipsis 2030 perthousand 2039 guilsinglleft 203A guilsinglright 2044 fraction 20AC Euro 2116 afii61352 2122 trademark
2212 minus FB00 ff FB01 fi FB02 fl FB03 ffi FB04 ffl
`
