package heading

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// overall are the keys of further headings below which the overall result may stand as a word. Only their cells can tell.
var overall = strings.Fields("outcome overall overallresult overalloutcome overallgrade courseresult courseoutcome verdict decision competent competency certified certificate " +
	"certification eligible finaldecision successful approved successfullycompleted " +
	"erfolgreich absolviert kursabsolviert " +
	"zertifikat zertifiziert urkunde bescheinigung kursergebnis endergebnis beurteilung lehrgangsergebnis " +
	"recu recue certificat attestation decision finale appreciation validation resultatfinal resultatglobal " +
	"certificado diploma acreditado evaluacionfinal resultadofinal resultadoglobal " +
	"certyfikat zaswiadczenie decyzja rezultat wynikkursu wynikszkolenia")

// Words in the headings of columns that are not known. Those of a verdict say that it is about passing.
var (
	verdictWords = strings.Fields("pass passed fail outcome verdict decision grade competent competence eligible successful met approved bestanden erfullt erfuellt erfolgreich absolviert " +
		"reussi reussite admis recu valide aprobado aprobada aprobo apto apta superado superada zaliczone zaliczono zaliczenie zaliczyl zaliczony zaliczona zdane zdal zdany zdana")
	verdictRoots = strings.Fields("result ergebnis rezultat wynik zertifi certif certyf")
	failureWords = strings.Fields("failed fails failure durchgefallen nachprufung nachpruefung wiederholung wiederholer retest retake resit resits remediation rerun reassess reassessment " +
		"referred referral refer absent absence absentee noshow cancelled canceled withdrawn withdrew dropout abwesend fehlt gefehlt abgesagt abgebrochen storniert " +
		"ajourne echec echoue rattrapage annule abandon suspenso suspendido reprobado recuperacion ausente cancelado baja " +
		"niezdany niezdane niezaliczone oblany poprawka poprawkowy nieobecny nieobecnosc rezygnacja")
	notWords  = strings.Fields("not nicht no non nie didnt never")
	testWords = strings.Fields("exam exams examination mcq qcm quiz test tests assessment skill skills practical theory written scenario station megacode simulation " +
		"prufung pruefung praxis praktisch theorie szenario klausur examen epreuve pratique theorique evaluation prueba practica practico teoria teorico evaluacion taller " +
		"egzamin praktyka praktyczny teoretyczny scenariusz")
	remarks = strings.Fields("note notes nota notas") // a grade in one language, anything in another
	// otherMatters are words with which such a heading is about something else: a paper, a payment, a number.
	otherMatters = strings.Fields("post mail email sent send printed print paid fee price cost payment invoice language number no nr nro numer numero nummer date datum fecha data id " +
		"issued ausgestellt expiry expires expiration valid until name names collected delivered copy previous prior old former existing address bus parking travel passport " +
		"versandt verschickt gedruckt bezahlt rechnung sprache pagado idioma enviado impreso envoye imprime paye langue wyslany platnosc lunch vegetarian food venue location room")
	attendanceRoots = strings.Fields("attend present presence anwesen teilnahme teilgenommen presen asist assidu obecn frekwenc participat")
	instructorWords = strings.Fields("assessor leadassessor assessorname assessedby tutor leadtutor coursetutor tutorname facilitator leadfacilitator facilitatorname deliveredby " +
		"referent referentin prufer pruferin animateur animatrice formateurreferent tuteur tutrice facilitador facilitadora tutora evaluador evaluadora egzaminator opiekun")
	identityWords = strings.Fields("dni nie dninie nif curp cuil rut cedula passport passportno passportnumber ausweisnummer ausweisnr pesel badge badgeno badgenumber personnelid hrid " +
		"staffid nhsnumber registrationnumber registrationno")
)

// Words about days. Those of the beginning, of birth, of validity and of the office are never the day of completion.
var (
	startWords = strings.Fields("start starts started starting begin begins beginning began from since von vom ab beginn anfang kursbeginn lehrgangsbeginn inicio comienzo desde empieza " +
		"debut depuis du od poczatek rozpoczecie rozpoczecia")
	endWords   = strings.Fields("end ends ended ending until till to bis ende kursende hasta fin termino au do koniec zakonczenie zakonczenia")
	otherDates = strings.Fields("birth born dob birthday birthdate dateofbirth geb geboren geburt geburtstag geburtsdatum nacimiento nacido naissance naiss ne nee urodzenia urodzony ur " +
		"expiry expires expire expiration expired valid validity gultig gueltig gultigkeit ablauf ablaufdatum caduca caducidad vence vencimiento valido validez expire expiration " +
		"valide validite echeance wazne wazny wazna waznosc waznosci renewal renew retest resit " +
		"registered registration enrolled enrolment enrollment booked booking signup invited invoice paid payment hired hire employed printed " +
		"anmeldung angemeldet anmeldedatum eintritt eintrittsdatum rechnung bezahlt zahlung gedruckt inscripcion matricula pago alta ingreso " +
		"inscription inscrit paiement embauche zapis zapisu rejestracja rejestracji platnosc zatrudnienia timestamp zeitstempel horodateur created erstellt modified submitted")
)

// otherDateRoots are what a word about such a day holds, alone or in a compound such as "Rechnungsdatum".
var otherDateRoots = strings.Fields("rechnung invoic ausstell auffrisch refresh anmeld buchung booking bestell zahlung payment geburt birth ablauf gultig gueltig expir renew verlanger verlaenger " +
	"issue issuing factur emision emitid expedic naissance delivr emission inscri urodz wystaw faktur platnosc wazn eintritt versand")

// isOtherDate says whether the words of a heading are about a day of the office, of birth or of validity.
func isOtherDate(keys []string) bool {
	return anyOf(keys, otherDates) || anyHolds(keys, otherDateRoots)
}

// Words in the heading of the day of the examination, or of the last day.
var (
	examRoots = strings.Fields("exam prufung pruefung egzamin klausur abschluss")
	lastWords = strings.Fields("final last letzter letzte dernier derniere ultimo ultima ostatni test assessment mcq qcm epreuve evaluation evaluacion prueba")
)

// IsExamDay says whether a heading with days below it is that of the examination or of the last day of a course.
func IsExamDay(text string) bool {
	keys := keysOf(text)
	return (anyOf(keys, lastWords) || anyHolds(keys, examRoots)) && !isOtherDate(keys)
}

// fullMark finds what a heading says its marks are out of, at its end: "Nota (sobre 10)", "Note /20", "Punkte von 120", "max. 40".
var fullMark = regexp.MustCompile(`(?i)^(.*?)[\s(\[,;:-]*(?:/|\bout of|\bof|\bmax(?:imum|imal)?\.?:?|\bvon|\bsur|\bsobre|\bde|\bna|\bz)\s*([0-9]{1,4}(?:[.,][0-9]{1,2})?)\s*(?:points?|punkte?n?|pts?\.?|puntos|pkt\.?)?\s*[)\]]?\s*$`)

// softVerdicts are the keys of headings that are about passing only where words for passed or failed stand below them.
var softVerdicts = strings.Fields("status coursestatus completionstatus finalstatus complete completed completedyn ok okay approval issuecard issuecertificate cardyn done finished " +
	"kursstatus teilnehmerstatus erschienen freigabe freigegeben fertig nachweis karteausstellen ausstellen karte abgeschlossen " +
	"statut diplome delivrercarte carte acta actafinal estado expedirtarjeta emitirtarjeta tarjeta completado dyplom ukonczyl ukonczone wydackarte karta")

// MayBeVerdict says whether a heading may be about passing, as "Status" or "Issue card?" may.
func MayBeVerdict(text string) bool { return slices.Contains(softVerdicts, fold.Key(text)) }

// courseDay finds what stands over a column of one day of the course: "Day 1", "Tag 2 (Mi)", "J1", "1er jour", "Attended day 2".
var courseDay = regexp.MustCompile(`(?:^|present|attended|anwesend|presence|teilnahme|anwesenheit|asistencia|obecnosc)(?:(?:course|kurs)?(?:day|tag|jour|journee|dia|jornada|dzien|j|d|t|session|sitzung)0?[1-9]|[1-9](?:st|nd|rd|th|er|e|o|a)?(?:day|tag|jour|dia|dzien))(?:[^0-9]*)$`)

// IsCourseDay says whether a heading is that of one day of a course among several.
func IsCourseDay(text string) bool { return courseDay.MatchString(fold.Key(text)) }

// keysOf are the keys of a heading's words.
func keysOf(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	for i := range words {
		words[i] = fold.Key(words[i])
	}
	return words
}

func anyOf(keys, words []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(words, key) })
}

func anyHolds(keys, roots []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		return slices.ContainsFunc(roots, func(root string) bool { return strings.Contains(key, root) })
	})
}

// MayBePassed says whether a heading is one below which the overall result may stand as words, such as "Ergebnis" or "Certificate".
func MayBePassed(text string) bool {
	return slices.Contains(overall, fold.Key(text)) || IsResult(text)
}

// IsVerdict says whether a heading is about passing, so that a bare "no" below it says that somebody did not.
func IsVerdict(text string) bool {
	if column, _ := Column(text); column == Passed || MayBePassed(text) {
		return !slices.Contains(remarks, fold.Key(text))
	}
	keys := keysOf(text)
	return (anyOf(keys, verdictWords) || anyHolds(keys, verdictRoots)) && !anyOf(keys, otherMatters) && !IsFailure(text)
}

// IsFailure says whether a heading is about failing or not being there, such as "Retest" or "Nicht bestanden", so that a "yes"
// below it is against the learner.
func IsFailure(text string) bool {
	keys := keysOf(text)
	isPassing := anyOf(keys, []string{"pass", "passed"}) || anyOf(keys, verdictWords)
	negated := isPassing && anyOf(keys, notWords) && !strings.ContainsAny(text, "/|") && !slices.Contains(keys, "yes")
	alone := fold.Key(text) == "fail" || strings.HasPrefix(fold.Key(text), "noshow")
	return negated || alone || (anyOf(keys, failureWords) && !isPassing)
}

// IsTest says whether a heading is about a test or about being there.
func IsTest(text string) bool {
	keys := keysOf(text)
	return (anyOf(keys, testWords) || IsAttendance(text)) && !anyOf(keys, otherMatters)
}

// IsScenario says whether a heading is about a scenario.
func IsScenario(text string) bool {
	return anyHolds(keysOf(text), strings.Fields("scenari szenari escenari simula megacode fallbeispiel"))
}

// IsAttendance says whether a heading is about being there.
func IsAttendance(text string) bool { return anyHolds(keysOf(text), attendanceRoots) }

// IsInstructor says whether a heading may be that of who taught, where no column is plainly so: "Assessor" stands beside
// "Instructor" in many a list, and is somebody else.
func IsInstructor(text string) bool { return slices.Contains(instructorWords, fold.Key(text)) }

// IsIdentity says whether a heading is a number that tells people apart, such as "DNI/NIE".
func IsIdentity(text string) bool {
	return slices.Contains(identityWords, fold.Key(text))
}

// IsStart says whether a heading is the day on which something begins.
func IsStart(text string) bool {
	return anyOf(keysOf(text), startWords) && !isOtherDate(keysOf(text))
}

// IsEnd says whether a heading is the day on which something ends; what is valid until a day is not.
func IsEnd(text string) bool {
	return anyOf(keysOf(text), endWords) && !isOtherDate(keysOf(text))
}

// IsOtherDay says whether a heading is that of a day which is never the day of completion: of the beginning, of birth, of expiry.
func IsOtherDay(text string) bool {
	keys := keysOf(text)
	return isOtherDate(keys) || (anyOf(keys, startWords) && !anyOf(keys, endWords))
}

// FullMark is what a heading says that its marks are out of, with the heading before it; ok is false where it says nothing.
func FullMark(text string) (before string, full float64, ok bool) {
	m := fullMark.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return text, 0, false
	}
	full, _, ok = cell.Number(m[2])
	return m[1], full, ok && full > 0 && !(full >= 1900 && full < 2200) // a year is none
}

// IsMark says whether a heading is that of a mark, on whatever scale.
func IsMark(text string) bool {
	before, _, _ := FullMark(text)
	column, _ := Column(before)
	return IsResult(before) || column == Score || (anyOf(keysOf(text), testWords) && !IsAttendance(text))
}
