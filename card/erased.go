package card

// ErasedName stands in the place of a holder's name once the details of a card were erased. No card is issued with it.
const ErasedName = "(erased)"

// IsErased says whether the details of the card were erased: the holder's name, and the digest by which a token could be told to be
// the one that was signed. Such a card never counts.
func (r Record) IsErased() bool { return r.Name == ErasedName }
