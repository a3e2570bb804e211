package heading

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// results are the keys of headings under which a mark may stand, points out of any number, a grade, or a word.
var results = strings.Fields("result results finalresult points finalpoints grade finalgrade total " +
	"ergebnis gesamtergebnis punkte punktzahl gesamtpunkte note endnote gesamtnote bewertung " +
	"resultat resultats note notes notefinale points " +
	"resultado resultados resultadofinal nota notas notafinal puntos puntaje puntajefinal puntuacion puntuacionfinal calificacion calificacionfinal " +
	"wynik wyniki wynikkoncowy punkty ocena ocenakoncowa")

// outOfHundred are the keys of what says that a mark is in per cent, such as the end of "Note /100". The longer come first.
var outOfHundred = strings.Fields("outof100 von100 sur100 sobre100 de100 na100 max100 of100 100")

// IsResult says whether a heading is that of a result of which only its cells can tell whether it is a mark in per cent.
func IsResult(text string) bool { return slices.Contains(results, fold.Key(text)) }

// nameRoots are what a word holds that is about a part of a person's name, alone or in a compound such as "Teilnehmernachname".
var nameRoots = strings.Fields("surname forename lastname firstname middlename fullname familyname givenname nachname vorname familienname zuname rufname zweitname beiname doppelname " +
	"mittelname namenszusatz namensvorsatz vorsatzwort apellido prenom nazwisk")

// nameWords are such words that are too short to be looked for within others.
var nameWords = strings.Fields("name names nom noms nombre nombres imie imiona imienia imion")

// partWords say which part of a name is meant, where no other word stands beside them.
var partWords = strings.Fields("first last middle second given family maternal paternal initial initials mi prefix suffix zusatz zweiter weitere segundo " +
	"primer primero materno paterno paternal drugie drugi pierwsze second deuxieme particule")

// learnerWords say that a name is the learner's, whatever else stands in the heading.
var learnerWords = strings.Fields("learner learners student students participant participants attendee candidate trainee teilnehmer teilnehmers teilnehmerin " +
	"kursteilnehmer participante participante stagiaire apprenant candidat eleve alumno alumna estudiante cursante uczestnik uczestnika kursanta kursant")

// otherWords say that a name is not that of the learner, or that "nombre" is a number.
var otherWords = strings.Fields("course courses class training program programme group session instructor instructors trainer teacher user username login file " +
	"company employer organisation organization school hospital department team contact emergency mother mothers father fathers parent parents guardian " +
	"spouse kin supervisor manager event product city street bank account maiden birth former nick pet " +
	"kurs kurses kursname lehrgang lehrgangs schulung gruppe klasse ausbilder ausbilders dozent dozenten kursleiter lehrgangsleiter trainers benutzer datei firma " +
	"firmen arbeitgeber schule abteilung ansprechpartner kontakt notfall notfallkontakt mutter vater eltern vorgesetzter leiter " +
	"cours formation session groupe classe formateur formatrice instructeur moniteur enseignant utilisateur fichier entreprise employeur societe ecole hopital service " +
	"contact urgence mere pere responsable naissance fille heures jours mois modules fautes erreurs reponses points " +
	"curso clase grupo sesion instructora formador docente profesor monitor usuario archivo empresa empleador escuela departamento contacto emergencia madre padre " +
	"responsable soltera " +
	"kursu szkolenia grupy klasy instruktora prowadzacego trenera wykladowcy uzytkownika pliku firmy pracodawcy szkoly oddzialu kontaktu matki ojca rodzica " +
	"kierownika rodowe panienskie")

// IsNameLike says whether a heading that is not known may be that of a part of the learner's name. A name of something or
// somebody else, such as "Course name" or "Nom du formateur", is not.
func IsNameLike(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	named, part, other, learner := false, 0, false, false
	for _, word := range words {
		key := fold.Key(word)
		holds := func(root string) bool { return strings.Contains(key, root) }
		named = named || slices.Contains(nameWords, key) || (slices.ContainsFunc(nameRoots, holds) && key != "username")
		learner = learner || slices.Contains(learnerWords, key)
		other = other || slices.Contains(otherWords, key)
		if slices.Contains(partWords, key) {
			part++
		}
	}
	return (named && (learner || !other)) || (part > 0 && part == len(words))
}
