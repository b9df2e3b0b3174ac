#include "textflag.h"

// Registers:
//
//	SI, R9	next byte of src, end of src
//	DI, R10	next byte of dst, end of dst
//	R8	start of dst
//	R11	fast limit of src: 96 bytes before its end
//	R12	fast limit of dst: 128 bytes before its end
//	R13	the table of tags
//	AX	what follows the tag; the offset of a copy
//	BX	the kind of an element (0 literal, 1 to 3 copy); where a copy comes from
//	CX	the tag, or a literal's length - 1
//	DX	the table's entry; the length of a copy
//
// Below the limits two elements, a literal of at most 60 bytes and a copy of at most
// 64, can be read and written without a check, rounded up to whole vectors.

// func block(dst, src []byte, tags *[256]uint16) int
TEXT ·block(SB), NOSPLIT, $0-64
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), R10
	MOVQ src_base+24(FP), SI
	MOVQ src_len+32(FP), R9
	MOVQ tags+48(FP), R13
	MOVQ DI, R8
	ADDQ DI, R10
	ADDQ SI, R9
	LEAQ -96(R9), R11
	LEAQ -128(R10), R12

loop:
	CMPQ SI, R11
	JGE  careful
	CMPQ DI, R12
	JGE  careful
	MOVQ (SI), AX
	MOVL AX, BX
	ANDL $3, BX
	JNZ  copy

	// A literal of up to 6 bytes: the tag after it is in AX, too. Taking it from
	// there spares the wait for a second load, on which the next element hangs.
	MOVBLZX AX, CX
	CMPL    CX, $(6 << 2)
	JAE     literal16
	MOVOU   1(SI), X0
	LEAL    16(CX*2), BX
	SHRXQ   BX, AX, BX
	SHRL    $2, CX
	MOVOU   X0, (DI)
	MOVL    3(SI)(CX*1), AX
	LEAQ    3(SI)(CX*1), SI
	LEAQ    1(DI)(CX*1), DI
	MOVBLZX BX, CX
	ANDL    $3, BX
	JZ      again
	MOVWLZX (R13)(CX*2), DX
	CMPL    BX, $3
	JEQ     again
	ADDQ    BX, SI
	JMP     offset

again: // the element is no copy of kind 1 or 2
	DECQ SI
	JMP  loop

literal16: // up to 16 bytes, and the copy after it
	SHRL $2, CX
	CMPL CX, $16
	JAE  literal60
	MOVOU 1(SI), X0
	MOVOU X0, (DI)
	LEAQ 2(SI)(CX*1), SI
	LEAQ 1(DI)(CX*1), DI
	MOVQ (SI), AX
	MOVL AX, BX
	ANDL $3, BX
	JZ   loop

copy:
	MOVBLZX AX, CX
	MOVWLZX (R13)(CX*2), DX
	CMPL    BX, $3
	JEQ     careful
	LEAQ    1(SI)(BX*1), SI
	SHRQ    $8, AX

offset: // the lowest BX bytes of AX, and the bits of the tag
	SHLL    $3, BX
	BZHIQ   BX, AX, AX
	MOVL    DX, CX
	ANDL    $0x700, CX
	ADDQ    CX, AX
	MOVBLZX DX, DX
	MOVQ    DI, BX
	SUBQ    AX, BX
	CMPQ    BX, R8
	JB      corrupt
	CMPQ    AX, $16
	JB      near
	MOVOU   (BX), X0
	MOVOU   X0, (DI)
	CMPL    DX, $16
	JA      copy64
	ADDQ    DX, DI
	JMP     loop

copy64: // 17 to 64 bytes, from 16 or more back
	MOVOU 16(BX), X0
	MOVOU X0, 16(DI)
	CMPL  DX, $32
	JBE   copied
	MOVOU 32(BX), X0
	MOVOU X0, 32(DI)
	MOVOU 48(BX), X0
	MOVOU X0, 48(DI)

copied:
	ADDQ DX, DI
	JMP  loop

near: // from less than 16 back
	CMPQ AX, $8
	JB   nearer
	CMPL DX, $8
	JA   steps8
	CMPL DX, $4
	JB   upTo3

	// 4 to 8 bytes: exactly those are loaded, in two halves, and stored as one. The
	// byte after them was stored last, and a load that needs two stores of the
	// last cycles waits for both to leave the store buffer. (Rising keys are this.)
	MOVL  -4(BX)(DX*1), CX
	MOVL  (BX), AX
	LEAL  -4(DX), BX
	SHLL  $3, BX
	SHLXQ BX, CX, CX
	ORQ   CX, AX
	MOVQ  AX, (DI)
	ADDQ  DX, DI
	JMP   loop

upTo3:
	MOVQ (BX), CX
	MOVQ CX, (DI)
	ADDQ DX, DI
	JMP  loop

steps8:
	LEAQ (DI)(DX*1), CX

step8:
	MOVQ (BX), AX
	MOVQ AX, (DI)
	ADDQ $8, BX
	ADDQ $8, DI
	CMPQ DI, CX
	JB   step8
	MOVQ CX, DI
	JMP  loop

nearer: // from less than 8 back: a pattern, which is doubled until it has 8 bytes
	TESTQ AX, AX
	JZ    corrupt
	LEAQ  (DI)(DX*1), CX

double:
	MOVQ (BX), DX
	MOVQ DX, (DI)
	ADDQ AX, DI
	ADDQ AX, AX
	CMPQ AX, $8
	JB   double
	CMPQ DI, CX
	JB   step8
	MOVQ CX, DI
	JMP  loop

literal60: // CX is the length - 1, or from 60 on says how many bytes of it follow
	CMPL  CX, $60
	JAE   careful
	MOVOU 1(SI), X0
	MOVOU 17(SI), X1
	MOVOU 33(SI), X2
	MOVOU 49(SI), X3
	MOVOU X0, (DI)
	MOVOU X1, 16(DI)
	MOVOU X2, 32(DI)
	MOVOU X3, 48(DI)
	LEAQ  2(SI)(CX*1), SI
	LEAQ  1(DI)(CX*1), DI
	JMP   loop

careful: // one element, with every check
	CMPQ    SI, R9
	JGE     done
	MOVBLZX (SI), AX
	MOVL    AX, BX
	ANDL    $3, BX
	JNZ     carefulCopy
	SHRL    $2, AX
	INCQ    SI
	CMPL    AX, $60
	JB      bytes
	SUBL    $59, AX
	LEAQ    (SI)(AX*1), BX
	CMPQ    BX, R9
	JA      corrupt
	XORL    CX, CX
	XORL    DX, DX

length:
	MOVBLZX (SI), BX
	SHLXQ   CX, BX, BX
	ORQ     BX, DX
	ADDL    $8, CX
	INCQ    SI
	DECL    AX
	JNZ     length
	MOVQ    DX, AX

bytes:
	INCQ AX
	MOVQ R9, BX
	SUBQ SI, BX
	CMPQ AX, BX
	JA   corrupt
	MOVQ R10, BX
	SUBQ DI, BX
	CMPQ AX, BX
	JA   corrupt
	CMPQ AX, $64
	JB   byte

	// All blocks of 64 but for the last one, which ends where the literal does.
	LEAQ -64(SI)(AX*1), BX
	LEAQ -64(DI)(AX*1), CX
	JMP  lastBlock

block64:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DI

lastBlock:
	CMPQ    SI, BX
	JB      block64
	VMOVDQU (BX), Y0
	VMOVDQU 32(BX), Y1
	VMOVDQU Y0, (CX)
	VMOVDQU Y1, 32(CX)
	LEAQ    64(BX), SI
	LEAQ    64(CX), DI
	VZEROUPPER
	JMP     loop

byte:
	MOVB (SI), BX
	MOVB BX, (DI)
	INCQ SI
	INCQ DI
	DECQ AX
	JNZ  byte
	JMP  loop

carefulCopy:
	MOVWLZX (R13)(AX*2), DX
	CMPL    BX, $3
	JEQ     copy4
	LEAQ    1(SI)(BX*1), CX
	CMPQ    CX, R9
	JA      corrupt
	MOVBLZX 1(SI), AX
	CMPL    BX, $1
	JEQ     copy1
	MOVBLZX 2(SI), BX
	SHLL    $8, BX
	ORL     BX, AX

copy1:
	MOVQ CX, SI
	MOVL DX, CX
	ANDL $0x700, CX
	ADDQ CX, AX
	JMP  match

copy4:
	LEAQ 5(SI), CX
	CMPQ CX, R9
	JA   corrupt
	MOVL 1(SI), AX
	MOVQ CX, SI

match: // AX bytes back, DX of them
	MOVBLZX DX, DX
	TESTQ   AX, AX
	JZ      corrupt
	MOVQ    DI, BX
	SUBQ    R8, BX
	CMPQ    AX, BX
	JA      corrupt
	MOVQ    R10, CX
	SUBQ    DI, CX
	CMPQ    DX, CX
	JA      corrupt
	MOVQ    DI, BX
	SUBQ    AX, BX

matched:
	MOVB (BX), AX
	MOVB AX, (DI)
	INCQ BX
	INCQ DI
	DECQ DX
	JNZ  matched
	JMP  loop

done:
	SUBQ R8, DI
	MOVQ DI, ret+56(FP)
	RET

corrupt:
	MOVQ $-1, ret+56(FP)
	RET
