package card

import (
	"reflect"
	"testing"
)

func TestMetByCards(t *testing.T) {
	got := MetByCards("ALS1 by card 0000-0000-0012; BLS by evidence of another centre: PALS by card 0000-0000-0012; " + Met{"CPR", "000000000012"}.String())
	if want := []Met{{"ALS1", "000000000012"}, {"CPR", "000000000012"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
