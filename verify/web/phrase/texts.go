package phrase

import (
	"fmt"
	"strings"
)

// Sentence is a text with places for values, such as "Checked on {time}.".
type Sentence string

// Around is what stands before and behind a placeholder, for a page that puts an element of its own there.
func (s Sentence) Around(name string) (Sides, error) {
	before, after, ok := strings.Cut(string(s), "{"+name+"}")
	if !ok {
		return Sides{}, fmt.Errorf("no place for %s in %q", name, s)
	}
	return Sides{before, after}, nil
}

// Sides are the two parts of a sentence around a value.
type Sides struct{ Before, After string }

// Texts is everything that the pages say. The file of a language has all of it, each in its place.
type Texts struct {
	Name string `yaml:"name"` // of the language, in itself
	Dir  string `yaml:"dir"`  // ltr or rtl

	Months   [12]string `yaml:"months"` // as within a date
	DateForm Sentence   `yaml:"date"`
	FirstDay string     `yaml:"first_day"` // how a date writes the first of a month
	Moment   Sentence   `yaml:"moment"`
	ListMore Sentence   `yaml:"list_more"`
	ListLast Sentence   `yaml:"list_last"`

	Frame   Frame             `yaml:"frame"`
	Form    Form              `yaml:"form"`
	Home    Home              `yaml:"home"`
	Files   Files             `yaml:"files"`
	Notices map[string]Notice `yaml:"notices"` // by the HTTP status, or other

	Verdicts map[string]Verdict `yaml:"verdicts"` // by the verdict's code
	Number   Number             `yaml:"number"`
	Specimen Verdict            `yaml:"specimen"` // in place of the words of malformed
	Erased   Verdict            `yaml:"erased"`   // in place of the words of revoked
	Newer    Newer              `yaml:"newer"`
	Card     Card               `yaml:"card"`
	Need     Need               `yaml:"need"`
	My       My                 `yaml:"my"`
	Find     Find               `yaml:"find"`
}

// Frame is around every page.
type Frame struct {
	Check     string   `yaml:"check"`     // what these pages are, in two words
	Languages string   `yaml:"languages"` // the name of the switch
	Ask       Sentence `yaml:"ask"`
	Privacy   string   `yaml:"privacy"`
	Made      Sentence `yaml:"made"`
	Request   Sentence `yaml:"request"` // under what number the log has what went wrong
}

// Form is the field in which a person asks.
type Form struct {
	Label   string   `yaml:"label"`
	Hint    string   `yaml:"hint"`
	Button  string   `yaml:"button"`
	Asking  Sentence `yaml:"asking"`
	Without string   `yaml:"without"`
	Empty   string   `yaml:"empty"`
	Compare string   `yaml:"compare"`
	BadNeed string   `yaml:"bad_need"`

	Another string `yaml:"another"` // the headings over the form
	Again   string `yaml:"again"`
	Instead string `yaml:"instead"`
}

// Home is the first page.
type Home struct {
	Title  string          `yaml:"title"`
	Lead   string          `yaml:"lead"`
	Answer string          `yaml:"answer"`
	Tones  map[string]Tone `yaml:"tones"`
	Proves struct {
		Heading string    `yaml:"heading"`
		Issued  Sentence  `yaml:"issued"`
		Points  [2]string `yaml:"points"`
	} `yaml:"proves"`
	Leaves struct {
		Heading string    `yaml:"heading"`
		Points  [3]string `yaml:"points"`
	} `yaml:"leaves"`
	Own struct { // for learners, where links to their cards are sent
		Heading string   `yaml:"heading"`
		Text    Sentence `yaml:"text"`
		Link    string   `yaml:"link"`
	} `yaml:"own"`
}

// Files is the field for files, and the page with the answers about them.
type Files struct {
	Heading    string `yaml:"heading"`
	Label      string `yaml:"label"`
	Hint       string `yaml:"hint"`
	Button     string `yaml:"button"`
	None       string `yaml:"none"`
	TooLarge   string `yaml:"too_large"`
	Unreadable string `yaml:"unreadable"`

	Title      string   `yaml:"title"`
	Lead       string   `yaml:"lead"`
	Count      Sentence `yaml:"count"`
	AllGood    string   `yaml:"all_good"`
	NotAllGood Sentence `yaml:"not_all_good"`
	Passed     Sentence `yaml:"passed"`
	Results    string   `yaml:"results"`
	Link       string   `yaml:"link"`

	NoCard     string   `yaml:"no_card"` // in place of a verdict's word, in capitals
	DoNotRely  string   `yaml:"do_not_rely"`
	NotChecked string   `yaml:"not_checked"`
	Page       Sentence `yaml:"page"`
	Differs    Sentence `yaml:"differs"`

	States   map[string]string `yaml:"states"`   // by the state of a file; uncompared is an unchecked one whose text was not compared
	Problems map[string]string `yaml:"problems"` // by the kind of a problem
}

// Tone explains a colour.
type Tone struct {
	Word string `yaml:"word"`
	Says string `yaml:"says"`
}

// Notice is a page about no card.
type Notice struct {
	Heading string `yaml:"heading"`
	Text    string `yaml:"text"`
}

// Verdict is a verdict in words: one or two in capitals, one sentence, and what to do now.
type Verdict struct {
	Word    string `yaml:"word"`
	Message string `yaml:"message"`
	Advice  string `yaml:"advice"`
}

// Number is what is said of a number that was typed, beside or in place of the verdict's own words.
type Number struct {
	Message string `yaml:"message"`
	Advice  string `yaml:"advice"`

	Mistyped string `yaml:"mistyped"` // the word, in capitals
	Retype   string `yaml:"retype"`   // what to do then
	Slip     string `yaml:"slip"`     // the check symbol does not fit; it can't tell which character is wrong
	Shape    string `yaml:"shape"`
}

// Newer is what is said of the card that stands for a replaced one.
type Newer struct {
	Valid   Sentence            `yaml:"valid"`
	Unknown Sentence            `yaml:"unknown"`
	Bad     map[string]Sentence `yaml:"bad"` // by the code of that card's own verdict
}

// Card is what stands around the lines of a card.
type Card struct {
	ToDo      string   `yaml:"to_do"`
	Also      Sentence `yaml:"also"`
	Compare   string   `yaml:"compare"`
	Printed   string   `yaml:"printed"`
	Holder    string   `yaml:"holder"`
	Course    string   `yaml:"course"`
	Level     string   `yaml:"level"`
	Completed string   `yaml:"completed"`
	Issued    string   `yaml:"issued"`
	Through   string   `yaml:"through"`
	Validity  string   `yaml:"validity"`
	NoExpiry  string   `yaml:"no_expiry"`
	Number    string   `yaml:"number"`
	Teacher   string   `yaml:"instructor"`
	Issuer    string   `yaml:"issuer"`
	Trained   string   `yaml:"trained"`
	Qualifies struct { // the headings over the requirements
		Now     string `yaml:"now"`
		Later   string `yaml:"later"`
		Unknown string `yaml:"unknown"`
		Once    string `yaml:"once"`
	} `yaml:"qualifies"`
	Checked      Sentence `yaml:"checked"`
	CheckedWith  Sentence `yaml:"checked_with"`
	Register     Sentence `yaml:"register"`
	CheckAddress string   `yaml:"check_address"` // before the address, on paper
}

// Need is the answer about a requirement, and the questions that the page offers.
type Need struct {
	Meets     Sentence            `yaml:"meets"`
	Not       Sentence            `yaml:"not"`
	NoAnswer  string              `yaml:"no_answer"`
	BadAnswer string              `yaml:"bad_answer"`
	Reasons   map[string]Sentence `yaml:"reasons"` // by verify.NeedReason
	Against   map[string]string   `yaml:"against"` // by the verdict's code: a clause that ends such a reason
	Strange   Strange             `yaml:"strange"`
	Advice    struct {
		Bad     string   `yaml:"bad"`
		Strange string   `yaml:"strange"`
		Unknown Sentence `yaml:"unknown"`
		Not     Sentence `yaml:"not"`
	} `yaml:"advice"`
	Itself     string   `yaml:"itself"`
	Qualifies  Sentence `yaml:"qualifies"`
	Does       string   `yaml:"does"`
	Other      string   `yaml:"other"`
	Choose     string   `yaml:"choose"`
	Heading    string   `yaml:"heading"`
	ChooseHint string   `yaml:"choose_hint"`
	MetBy      Sentence `yaml:"met_by"`      // of a requirement that is no course
	MetBySome  Sentence `yaml:"met_by_some"` // likewise, of one that several courses meet
}

// Strange is said of a requirement that nobody knows.
type Strange struct {
	Answer      Sentence `yaml:"answer"`
	AnswerNear  Sentence `yaml:"answer_near"`
	Besides     Sentence `yaml:"besides"`
	BesidesNear Sentence `yaml:"besides_near"`
}

// My is what a learner's own pages say.
type My struct {
	Title    string   `yaml:"title"`
	TitleOne string   `yaml:"title_one"` // of a learner with one card
	Of       Sentence `yaml:"of"`
	OfOne    Sentence `yaml:"of_one"` // of a learner with one card
	Secret   string   `yaml:"secret"`
	None     Sentence `yaml:"none"`
	Past     string   `yaml:"past"` // the heading over cards that are not in force
	Download string   `yaml:"download"`
	Show     string   `yaml:"show"`
	LinkedIn string   `yaml:"linkedin"`
	Share    string   `yaml:"share"`
	Short    Sentence `yaml:"short"`
	Shares   string   `yaml:"shares"` // what the two of them show
	Records  string   `yaml:"records"`
	Withheld string   `yaml:"withheld"`
	Ask      Sentence `yaml:"ask"` // whom to ask about a card that was withdrawn
	NoneNow  string   `yaml:"none_now"`
	Back     string   `yaml:"back"`
	Door     string   `yaml:"door"`
	Point    string   `yaml:"point"`
	Code     Sentence `yaml:"code"` // what the picture is, for who does not see it
	Gone     Gone     `yaml:"gone"`
}

// Gone is the page of a link that leads nowhere.
type Gone struct {
	Heading string   `yaml:"heading"`
	Text    Sentence `yaml:"text"`
	Find    string   `yaml:"find"`
}

// Find is the page on which a learner asks for links again.
type Find struct {
	Title  string   `yaml:"title"`
	Lead   Sentence `yaml:"lead"`
	Label  string   `yaml:"label"`
	Button string   `yaml:"button"`
	Bad    string   `yaml:"bad"`
	Sent   string   `yaml:"sent"`
	Wait   Sentence `yaml:"wait"`
	Again  string   `yaml:"again"`
	// What stands there where the server takes no wishes: about links, and about reminders.
	NotHere NotHere `yaml:"not_here"`
	NoStop  NotHere `yaml:"no_stop"`
}

// NotHere says that something is not offered, and where to go instead.
type NotHere struct {
	Heading string   `yaml:"heading"`
	Text    Sentence `yaml:"text"`
}
