package roster

// Severity says whether a problem stops its row.
type Severity string

// Error refuses the row; Notice only tells. The zero value is Error, so that a forgotten severity refuses.
const (
	Error  Severity = ""
	Notice Severity = "notice"
)

// Problem is one finding about one row, in the form that --json prints.
type Problem struct {
	Row      int      `json:"row"`    // as a spreadsheet counts: the heading of a plain CSV file is row 1; 0 for the whole file
	Column   string   `json:"column"` // canonical column name; empty where the fault is of the whole row
	Code     string   `json:"code"`   // stable, for programs
	Value    string   `json:"value"`
	Message  string   `json:"message"` // one sentence: what is wrong and what to do
	Severity Severity `json:"severity,omitempty"`
}
