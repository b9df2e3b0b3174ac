package sqlerr

// Code is a SQLSTATE: PostgreSQL 15, Appendix A, and a few of class XS ("Skein")
// for what a cluster adds.
type Code string

// The codes in use. Names are PostgreSQL's condition names.
const (
	FeatureNotSupported     Code = "0A000"
	CardinalityViolation    Code = "21000"
	DataException           Code = "22000"
	StringDataRightTrunc    Code = "22001"
	NumericValueOutOfRange  Code = "22003"
	NullValueNotAllowed     Code = "22004"
	InvalidDatetimeFormat   Code = "22007"
	DatetimeFieldOverflow   Code = "22008"
	SubstringError          Code = "22011"
	DivisionByZero          Code = "22012"
	InvalidFrameOffset      Code = "22013" // invalid_preceding_or_following_size
	InvalidArgumentForNtile Code = "22014"
	InvalidArgumentForNth   Code = "22016"
	InvalidArgumentForLog   Code = "2201E"
	InvalidArgumentForPower Code = "2201F"
	InvalidRowCountInLimit  Code = "2201W"
	InvalidRowCountInOffset Code = "2201X"
	InvalidParameterValue   Code = "22023"
	InvalidEscapeSequence   Code = "22025"
	InvalidTextRepresent    Code = "22P02"
	InvalidBinaryRepresent  Code = "22P03"
	NotNullViolation        Code = "23502"
	UniqueViolation         Code = "23505"
	InvalidAuthorization    Code = "28000"
	InvalidPassword         Code = "28P01"
	SerializationFailure    Code = "40001"
	InsufficientPrivilege   Code = "42501"
	SyntaxError             Code = "42601"
	DuplicateColumn         Code = "42701"
	AmbiguousColumn         Code = "42702"
	UndefinedColumn         Code = "42703"
	AmbiguousFunction       Code = "42725"
	DuplicateAlias          Code = "42712"
	GroupingError           Code = "42803"
	DatatypeMismatch        Code = "42804"
	WrongObjectType         Code = "42809"
	CannotCoerce            Code = "42846"
	UndefinedObject         Code = "42704"
	UndefinedFunction       Code = "42883"
	UndefinedTable          Code = "42P01"
	UndefinedParameter      Code = "42P02"
	DuplicateTable          Code = "42P07"
	DuplicateSchema         Code = "42P06"
	InvalidColumnReference  Code = "42P10"
	AmbiguousParameter      Code = "42P08" // a parameter that is used as two types
	IndeterminateDatatype   Code = "42P18"
	WindowingError          Code = "42P20"
	InvalidTableDefinition  Code = "42P16"
	InvalidSchemaName       Code = "3F000"
	UndefinedPrepared       Code = "26000"
	DiskFull                Code = "53100"
	OutOfMemory             Code = "53200"
	TooManyConnections      Code = "53300"
	ConfigurationLimit      Code = "53400"
	ProgramLimitExceeded    Code = "54000"
	StatementTooComplex     Code = "54001"
	TooManyColumns          Code = "54011"
	TooManyArguments        Code = "54023"
	ObjectNotInPrerequisite Code = "55000"
	QueryCanceled           Code = "57014"
	AdminShutdown           Code = "57P01"
	IOError                 Code = "58030"
	UndefinedFile           Code = "58P01"
	InternalError           Code = "XX000"
	DataCorrupted           Code = "XX001"
	WorkerLost              Code = "XS001" // a worker died and the query could not go on; trying again is right
	FileChanged             Code = "XS002" // a file changed under a running query; trying again is right
	InvalidTicket           Code = "XS003" // a Flight ticket or handle that this cluster did not sign or no longer holds
	InvalidPlan             Code = "XS004" // a Substrait plan that cannot be understood or does not fit its tables
	InvalidMessage          Code = "XS005" // a message of another process that cannot be understood
)
