#include "textflag.h"

// Registers:
//
//	SI	start of s
//	DI	the first of the places to compare
//	CX	places left, less those of a vector
//	BX, DX	text and its length; R9 the length less one
//	R10	places where first and last byte agree, as bits; R12 the one in question
//	Z1, Z2	the first and the last byte of text
//	Z3, K2	text, and as many ones

// func indexAVX512(s *byte, n int, text *byte, k int) int
TEXT ·indexAVX512(SB), NOSPLIT, $0-40
	MOVQ         s+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVQ         text+16(FP), BX
	MOVQ         k+24(FP), DX
	LEAQ         -1(DX), R9
	SUBQ         R9, CX
	VPBROADCASTB (BX), Z1
	VPBROADCASTB (BX)(R9*1), Z2
	MOVQ         $-1, AX
	BZHIQ        DX, AX, R8
	KMOVQ        R8, K2
	VMOVDQU8.Z   (BX), K2, Z3
	MOVQ         SI, DI
	SUBQ         $64, CX
	JLT          last

loop:
	VPCMPEQB (DI), Z1, K1
	VPCMPEQB (DI)(R9*1), Z2, K1, K1
	KMOVQ    K1, R10
	TESTQ    R10, R10
	JNE      candidate

next:
	ADDQ $64, DI
	SUBQ $64, CX
	JGE  loop

last:
	ADDQ       $64, CX
	JLE        none
	BZHIQ      CX, AX, R10
	KMOVQ      R10, K1
	VMOVDQU8.Z (DI), K1, Z4
	VMOVDQU8.Z (DI)(R9*1), K1, Z5
	VPCMPEQB   Z4, Z1, K1, K1
	VPCMPEQB   Z5, Z2, K1, K1
	KMOVQ      K1, R10
	XORL       CX, CX
	TESTQ      R10, R10
	JEQ        none

candidate:
	TZCNTQ     R10, R12
	ADDQ       DI, R12
	VMOVDQU8.Z (R12), K2, Z4
	VPCMPUB    $4, Z3, Z4, K3
	KORTESTQ   K3, K3
	JEQ        found
	BLSRQ      R10, R10
	JNE        candidate
	JMP        next

found:
	SUBQ SI, R12
	MOVQ R12, ret+32(FP)
	VZEROUPPER
	RET

none:
	MOVQ $-1, ret+32(FP)
	VZEROUPPER
	RET

// func indexAVX2(s *byte, n int, text *byte, k int) int
TEXT ·indexAVX2(SB), NOSPLIT, $0-40
	MOVQ         s+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVQ         text+16(FP), BX
	MOVQ         k+24(FP), DX
	LEAQ         -1(DX), R9
	SUBQ         R9, CX
	VPBROADCASTB (BX), Y1
	VPBROADCASTB (BX)(R9*1), Y2
	MOVQ         SI, DI
	SUBQ         $32, CX

loop:
	VPCMPEQB  (DI), Y1, Y4
	VPCMPEQB  (DI)(R9*1), Y2, Y5
	VPAND     Y4, Y5, Y4
	VPMOVMSKB Y4, R10
	TESTL     R10, R10
	JNE       candidate

next:
	ADDQ $32, DI
	SUBQ $32, CX
	JGE  loop

	// Less than a vector is left: the last 32 places, some of them once more.
	CMPQ CX, $-32
	JEQ  none
	ADDQ CX, DI
	XORL CX, CX
	JMP  loop

candidate:
	TZCNTL R10, R12
	ADDQ   DI, R12
	CMPQ   DX, $8
	JB     short

	// Eight bytes a time, the last eight as they stand at the end.
	XORL R8, R8
	LEAQ -8(DX), R11

rest:
	MOVQ (R12)(R8*1), AX
	CMPQ AX, (BX)(R8*1)
	JNE  miss
	ADDQ $8, R8
	CMPQ R8, R11
	JLT  rest
	MOVQ (R12)(R11*1), AX
	CMPQ AX, (BX)(R11*1)
	JEQ  found

miss:
	BLSRL R10, R10
	JNE   candidate
	JMP   next

short:
	CMPQ DX, $4
	JB   shorter
	MOVL (R12), AX
	CMPL AX, (BX)
	JNE  miss
	MOVL -3(R12)(R9*1), AX
	CMPL AX, -3(BX)(R9*1)
	JEQ  found
	JMP  miss

shorter:
	MOVB 1(R12), AX
	CMPB AX, 1(BX)
	JNE  miss

found:
	SUBQ SI, R12
	MOVQ R12, ret+32(FP)
	VZEROUPPER
	RET

none:
	MOVQ $-1, ret+32(FP)
	VZEROUPPER
	RET
