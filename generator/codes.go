package generator

// A code names one kind of diagnostic, for good: people search for it, and tools
// filter by it. diagnostics/CODE.txtar explains each with an example.
type code string

// What directives and their arguments can be.
const (
	codeLookAlike    code = "IDEM001"
	codeMisplaced    code = "IDEM002"
	codeTwoTasks     code = "IDEM003"
	codeNoTask       code = "IDEM004"
	codeArguments    code = "IDEM005"
	codeOption       code = "IDEM006"
	codeStatedTwice  code = "IDEM007"
	codeValueMissing code = "IDEM008"
	codeKeyMissing   code = "IDEM009"
	codeValue        code = "IDEM010"
)

// What selectors can be.
const (
	codeSelector     code = "IDEM020"
	codeNoSuchField  code = "IDEM021"
	codeListedTwice  code = "IDEM022"
	codeFieldMethod  code = "IDEM023"
	codeHidden       code = "IDEM024"
	codeNotKeyable   code = "IDEM025"
	codeOutputInKey  code = "IDEM026"
	codeMatchNothing code = "IDEM027"
)

// What methods, results and fields can be.
const (
	codeNoSuchMethod code = "IDEM030"
	codeSignature    code = "IDEM031"
	codeMethodTaken  code = "IDEM032"
	codeLock         code = "IDEM033"
	codeUnnameable   code = "IDEM034"
	codeTag          code = "IDEM035"
	codeOutput       code = "IDEM036"
	codeCodec        code = "IDEM037"
)

// What names can be.
const (
	codeNameTaken code = "IDEM040"
	codeHidesGo   code = "IDEM041"
	codeSameName  code = "IDEM042"
)

// What files can be.
const (
	codeCompiler   code = "IDEM050"
	codeUnreadable code = "IDEM051"
	codeNotOurs    code = "IDEM052"
	codeUnwritable code = "IDEM053"
	codeOutOfDate  code = "IDEM054"
)

// What may not change from one deploy to the next.
const (
	codeKeysChange    code = "IDEM080"
	codeResultsChange code = "IDEM081"
)

// What only package analyzer reports, as go vet runs it, and what it shares with
// the command.
const (
	CodeBypass    = "IDEM090"
	CodeReason    = "IDEM091"
	CodeMutated   = "IDEM092"
	CodeRebuilt   = "IDEM093"
	CodeOutOfDate = string(codeOutOfDate)
)

// What the compiler cannot see.
const (
	codeLost         code = "IDEM060"
	codeMaybeLost    code = "IDEM061"
	codeLossy        code = "IDEM062"
	codeSameKeys     code = "IDEM063"
	codeTimesOnly    code = "IDEM064"
	codeChangingKey  code = "IDEM065"
	codeAlwaysEqual  code = "IDEM066"
	codeLeasePastTTL code = "IDEM067"
	codeShortWait    code = "IDEM068"
	codeNoResult     code = "IDEM069"
	codeTooSoon      code = "IDEM070"
	codeSoon         code = "IDEM071"
)
