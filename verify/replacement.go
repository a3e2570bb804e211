package verify

import "context"

// maxReplacements bounds how far a chain of replacements is followed: the register has no circle in it, and nobody corrects a card
// that often.
const maxReplacements = 32

// withReplacement adds to the verdict on a replaced card what became of the one that stands for it now. That the card itself was
// replaced is certain, so what can't be learned of the other one is StatusUnknown and no error.
func (c *Checker) withReplacement(ctx context.Context, v Verdict) Verdict {
	if v.Code != Superseded || v.Card == nil || v.Card.ReplacedBy == "" {
		return v
	}
	r := &Replacement{Number: v.Card.ReplacedBy, Code: StatusUnknown}
	v.Replacement = r
	for range maxReplacements {
		rec, found, err := c.Register.FindRecord(ctx, r.Number)
		if err != nil || !found {
			return v
		}
		key, known := c.Keys.Find(rec.KeyID)
		if !known {
			r.Code = UnknownIssuer
			return v
		}
		if rec, err = c.vouched(ctx, rec); err != nil {
			return v
		}
		next, _ := c.judge(ctx, rec, key, v.CheckedAt) // an error is in the verdict too
		if next.Code != Superseded || rec.ReplacedBy == "" {
			r.Code = next.Code
			return v
		}
		r.Number = rec.ReplacedBy
	}
	return v
}
