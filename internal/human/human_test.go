package human_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/idemgen/idemgen/internal/human"
)

func TestNothingPrintableReachesATerminalAsACommand(t *testing.T) {
	for text, want := range map[string]string{
		"idempotency:billing.Pay:17": "idempotency:billing.Pay:17",
		"straße, 支払い":                "straße, 支払い",
		"\x1b[31mred\x07":            `\x1B[31mred\x07`,
		"\u009b31m":                  `\xC2\x9B31m`,
		"a\u202egnp.exe":             `a\xE2\x80\xAEgnp.exe`,
		"\xff\xc3":                   `\xFF\xC3`,
		"two\nlines\r\t":             `two\x0Alines\x0D\x09`,
	} {
		assert.Equal(t, want, human.Printable(text))
	}
	assert.Equal(t, "two\nlines\\x0D", human.Lines("two\nlines\r"))
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ms", 999 * time.Millisecond: "999ms", time.Second: "1s", 90 * time.Second: "1m30s",
		time.Hour: "1h00m", 25*time.Hour + 59*time.Minute: "1d01h", -time.Minute: "1m00s",
	} {
		assert.Equal(t, want, human.Span(d))
	}
	assert.Equal(t, []string{"9999 B", "10.0 kB", "12.3 MB", "4000.0 MB", "40.0 GB"},
		[]string{human.Size(9999), human.Size(10_000), human.Size(12_345_678), human.Size(4e9), human.Size(4e10)})
	assert.Equal(t, []string{"0", "999", "1,000", "1,234,567"}, []string{human.Count(0), human.Count(999), human.Count(1000), human.Count(1234567)})
	assert.Equal(t, "-", human.Ago(time.Time{}))
	assert.Equal(t, "-", human.Until(time.Time{}))
}
