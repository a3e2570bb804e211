#!/bin/sh
# Cuts the card's faces out of the Noto families: without hinting, vertical writing and what no card draws. What shaping needs
# stays whole. Every card embeds a subset of its own, so these files hold everything that a name may need.
#
# usage: cut.sh DEBIAN-DIR CJK-DIR
#   DEBIAN-DIR  the static TrueType files of Debian's fonts-noto-core and fonts-noto-extra, 20201225
#   CJK-DIR     NotoSansSC_600SemiBold.ttf and the same of JP and KR, out of @expo-google-fonts/noto-sans-{sc,jp,kr} 0.4.3
# needs python3-fonttools, 4.38
set -eu
noto=$1 cjk=$2
to=$(dirname "$0")

# What glyphs a lookup covers is written as lists throughout: where it stands as ranges, go-text 0.3.5 forgets those behind one
# of 64 glyphs or more (its setDigest.addRange), and kerning and ligatures go missing. TestShapesAsHarfBuzz finds it.
lists='
import sys
from fontTools import subset
from fontTools.ttLib.tables import otTables

def as_list(self, font):
    self.Format = 1
    return {"GlyphArray": sorted(self.glyphs or [], key=font.getGlyphID)}

otTables.Coverage.preWrite = as_list
subset.main(sys.argv[1:])'

cut() { # source target unicodes
	python3 -c "$lists" "$1" --output-file="$to/$2.ttf" --unicodes="$3" --no-hinting --notdef-outline \
		--drop-tables+=STAT,vhea,vmtx,DSIG,meta,prep,gasp,cvt,fpgm,BASE,VORG,FFTM --no-legacy-cmap \
		--layout-features-=vert,vrt2,vkrn,vpal,vhal,frac,numr,dnom,dlig --name-IDs=0,1,2,13,14 --ignore-missing-unicodes
}

# Latin with its combining marks, Greek and Cyrillic, each with all that Unicode has added since; punctuation and currencies.
letters=20-7E,A0-AC,AE-36F,370-52F,1AB0-1AFF,1C80-1C8F,1D00-1FFF,2010-2027,202F-205E,2070-20CF,2100-214F,2150-218F,25CC,2C60-2C7F,2DE0-2E5D
letters=$letters,A640-A69F,A700-A7FF,AB30-AB6F,FB00-FB06,FE20-FE2F,2212
cut "$noto/NotoSans-SemiCondensed.ttf" regular "$letters"
cut "$noto/NotoSans-SemiCondensedSemiBold.ttf" semibold "$letters"
cut "$noto/NotoSerif-SemiCondensedMedium.ttf" serif "$letters"

for script in Arabic Armenian Bengali CanadianAboriginal Cherokee Devanagari Ethiopic Georgian Gujarati Gurmukhi Hebrew \
	Kannada Khmer Lao Malayalam MeeteiMayek Myanmar OlChiki Sinhala Tamil Telugu Thaana Thai; do
	cut "$noto/NotoSans$script-SemiBold.ttf" "$(echo $script | tr '[:upper:]' '[:lower:]')" '*'
done
for script in Adlam NKo Oriya Syriac Tifinagh; do # these have no weight between regular and bold, or only one
	cut "$noto/NotoSans$script-Regular.ttf" "$(echo $script | tr '[:upper:]' '[:lower:]')" '*'
done
cut "$noto/NotoSerifTibetan-SemiBold.ttf" tibetan '*' # the only one that Noto has

# Chinese shapes for every ideograph up to U+9FFF; Japanese ones, with the kana, for what JIS X 0213 and Windows know; Hangul
# syllables and their letters. A Korean name in ideographs has Chinese shapes: a third set would be 2 MB for a few strokes.
cut "$cjk/NotoSansSC_600SemiBold.ttf" chinese 20,A0,B7,2010-2027,2E80-2FDF,3000-303F,3100-312F,31A0-31BF,3400-4DBF,4E00-9FFF,F900-FAFF,FE30-FE4F,FF00-FFEF,20000-3FFFF
japanese=$(python3 -c '
both = [bytes([0x8f] * three + [a, b]) for three in (0, 1) for a in range(0xa1, 0xff) for b in range(0xa1, 0xff)]
both += [bytes([a, b]) for a in range(0x81, 0xfd) for b in range(0x40, 0xfd)]
runes = set()
for code in both:
    for name in ("euc_jis_2004", "cp932"):
        try:
            text = code.decode(name)
        except UnicodeDecodeError:
            continue
        runes.update(r for r in map(ord, text) if r >= 0x2e80)
print(",".join("%X" % r for r in sorted(runes)))')
cut "$cjk/NotoSansJP_600SemiBold.ttf" japanese "20,A0,B7,2010-2027,3000-30FF,31F0-31FF,FF00-FFEF,1B000-1B16F,$japanese"
cut "$cjk/NotoSansKR_600SemiBold.ttf" korean 20,A0,B7,1100-11FF,2010-2027,3000-303F,3130-318F,A960-A97F,AC00-D7FF,FF00-FFEF
