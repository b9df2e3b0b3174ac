#include "textflag.h"

// Registers of the AVX-512 kernels:
//
//	SI, DI	next byte of data, next value of out
//	CX	values left, less those of a vector
//	R8	bytes of data a vector
//	K1	the bytes to load
//	K2	the lanes of the last vector
//	Z10	which bytes, Z11 which fields, Z12 the bits of a value
//	Z13	the highest value allowed, Z14 the highest met

#define SETUP512(LANES, BROADCAST) \
	MOVQ	out_base+0(FP), DI \
	MOVQ	out_len+8(FP), CX \
	MOVQ	data+24(FP), SI \
	MOVQ	p+32(FP), BX \
	VMOVDQU64	(BX), Z10 \
	VMOVDQU64	64(BX), Z11 \
	BROADCAST	128(BX), Z12 \
	MOVQ	136(BX), R8 \
	BROADCAST	top+40(FP), Z13 \
	VPXORD	Z14, Z14, Z14 \
	MOVQ	$-1, AX \
	BZHIQ	R8, AX, DX \
	KMOVQ	DX, K1 \
	SUBQ	$LANES, CX

#define SPREAD512 \
	VMOVDQU8.Z	(SI), K1, Z0 \
	VPERMB	Z0, Z10, Z0 \
	VPMULTISHIFTQB	Z0, Z11, Z0 \
	VPANDD	Z12, Z0, Z0

// From the number of values left in CX: the bytes and lanes of the last vector.
#define LAST512 \
	MOVQ	CX, DX \
	IMULQ	144(BX), DX \
	ADDQ	$7, DX \
	SHRQ	$3, DX \
	BZHIQ	DX, AX, DX \
	KMOVQ	DX, K1 \
	BZHIQ	CX, AX, DX \
	KMOVQ	DX, K2

#define VERDICT512(COMPARE) \
	COMPARE	$6, Z13, Z14, K3 \
	KORTESTQ	K3, K3 \
	SETEQ	ret+48(FP) \
	VZEROUPPER \
	RET

// Registers of the AVX2 kernels:
//
//	SI, DI	next byte of data, next value of out
//	CX	steps left
//	R9	bytes from a group of values to the next; R10 to the third after it
//	R8	bytes from a group of 4 to the next but one
//	Y8, Y9	which bytes, Y10, Y11 where to: for the two kinds of groups
//	Y12	the bits of a value
//	Y13	the highest value allowed, Y14 the highest met

#define SETUP256 \
	MOVQ	out+0(FP), DI \
	MOVQ	steps+8(FP), CX \
	MOVQ	data+16(FP), SI \
	MOVQ	p+24(FP), BX \
	MOVQ	72(BX), R9 \
	MOVQ	80(BX), R8 \
	MOVL	top+32(FP), AX \
	VMOVD	AX, X13 \
	VPXOR	Y14, Y14, Y14

#define VERDICT256(MAX, EQUAL) \
	MAX	Y13, Y14, Y14 \
	EQUAL	Y13, Y14, Y14 \
	VPMOVMSKB	Y14, AX \
	CMPL	AX, $-1 \
	SETEQ	ret+40(FP) \
	VZEROUPPER \
	RET

// func unpack8AVX512(out []uint8, data *byte, p *plan512, top uint32) bool
TEXT ·unpack8AVX512(SB), NOSPLIT, $0-49
	SETUP512(64, VPBROADCASTB)
	JLT last

loop:
	SPREAD512
	VPMAXUB   Z0, Z14, Z14
	VMOVDQU64 Z0, (DI)
	ADDQ      R8, SI
	ADDQ      $64, DI
	SUBQ      $64, CX
	JGE       loop

last:
	ADDQ $64, CX
	JEQ  done
	LAST512
	SPREAD512
	VMOVDQU8.Z Z0, K2, Z0
	VPMAXUB    Z0, Z14, Z14
	VMOVDQU8   Z0, K2, (DI)

done:
	VERDICT512(VPCMPUB)

// func unpack16AVX512(out []uint16, data *byte, p *plan512, top uint32) bool
TEXT ·unpack16AVX512(SB), NOSPLIT, $0-49
	SETUP512(32, VPBROADCASTW)
	JLT last

loop:
	SPREAD512
	VPMAXUW   Z0, Z14, Z14
	VMOVDQU64 Z0, (DI)
	ADDQ      R8, SI
	ADDQ      $64, DI
	SUBQ      $32, CX
	JGE       loop

last:
	ADDQ $32, CX
	JEQ  done
	LAST512
	SPREAD512
	VMOVDQU16.Z Z0, K2, Z0
	VPMAXUW     Z0, Z14, Z14
	VMOVDQU16   Z0, K2, (DI)

done:
	VERDICT512(VPCMPUW)

// func unpack32AVX512(out []uint32, data *byte, p *plan512, top uint32) bool
TEXT ·unpack32AVX512(SB), NOSPLIT, $0-49
	SETUP512(16, VPBROADCASTD)
	JLT last

loop:
	SPREAD512
	VPMAXUD   Z0, Z14, Z14
	VMOVDQU64 Z0, (DI)
	ADDQ      R8, SI
	ADDQ      $64, DI
	SUBQ      $16, CX
	JGE       loop

last:
	ADDQ $16, CX
	JEQ  done
	LAST512
	SPREAD512
	VMOVDQU32.Z Z0, K2, Z0
	VPMAXUD     Z0, Z14, Z14
	VMOVDQU32   Z0, K2, (DI)

done:
	VERDICT512(VPCMPUD)

// func unpack8AVX2(out *uint8, steps int, data *byte, p *plan256, top uint32) bool
TEXT ·unpack8AVX2(SB), NOSPLIT, $0-41
	SETUP256
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 32(BX), Y10
	VMOVQ          64(BX), X12
	VPBROADCASTB   X13, Y13
	LEAQ           (R9)(R9*2), R10

loop:
	// Groups 0 and 2, 1 and 3: packing puts them in order.
	VMOVDQU     (SI), X0
	VMOVDQU     (SI)(R9*1), X1
	VINSERTI128 $1, (SI)(R9*2), Y0, Y0
	VINSERTI128 $1, (SI)(R10*1), Y1, Y1
	VPSHUFB     Y8, Y0, Y0
	VPSHUFB     Y8, Y1, Y1
	VPMULLW     Y10, Y0, Y0
	VPMULLW     Y10, Y1, Y1
	VPSRLW      X12, Y0, Y0
	VPSRLW      X12, Y1, Y1
	VPACKUSWB   Y1, Y0, Y0
	VPMAXUB     Y0, Y14, Y14
	VMOVDQU     Y0, (DI)
	LEAQ        (SI)(R9*4), SI
	ADDQ        $32, DI
	DECQ        CX
	JNE         loop
	VERDICT256(VPMAXUB, VPCMPEQB)

// func unpack16AVX2(out *uint16, steps int, data *byte, p *plan256, top uint32) bool
TEXT ·unpack16AVX2(SB), NOSPLIT, $0-41
	SETUP256
	VBROADCASTI128 (BX), Y8
	VBROADCASTI128 16(BX), Y9
	VBROADCASTI128 32(BX), Y10
	VBROADCASTI128 48(BX), Y11
	VPBROADCASTD   64(BX), Y12
	VPBROADCASTW   X13, Y13
	LEAQ           (R8)(R9*1), R10

loop:
	VMOVDQU     (SI), X0
	VMOVDQU     (SI)(R9*1), X1
	VINSERTI128 $1, (SI)(R8*1), Y0, Y0
	VINSERTI128 $1, (SI)(R10*1), Y1, Y1
	VPSHUFB     Y8, Y0, Y0
	VPSHUFB     Y9, Y1, Y1
	VPSRLVD     Y10, Y0, Y0
	VPSRLVD     Y11, Y1, Y1
	VPAND       Y12, Y0, Y0
	VPAND       Y12, Y1, Y1
	VPACKUSDW   Y1, Y0, Y0
	VPMAXUW     Y0, Y14, Y14
	VMOVDQU     Y0, (DI)
	LEAQ        (SI)(R8*2), SI
	ADDQ        $32, DI
	DECQ        CX
	JNE         loop
	VERDICT256(VPMAXUW, VPCMPEQW)

// func unpack32AVX2(out *uint32, steps int, data *byte, p *plan256, top uint32) bool
TEXT ·unpack32AVX2(SB), NOSPLIT, $0-41
	SETUP256
	VMOVDQU      (BX), Y8
	VMOVDQU      32(BX), Y10
	VPBROADCASTD 64(BX), Y12
	VPBROADCASTD X13, Y13

loop:
	VMOVDQU     (SI), X0
	VINSERTI128 $1, (SI)(R9*1), Y0, Y0
	VPSHUFB     Y8, Y0, Y0
	VPSRLVD     Y10, Y0, Y0
	VPAND       Y12, Y0, Y0
	VPMAXUD     Y0, Y14, Y14
	VMOVDQU     Y0, (DI)
	ADDQ        R8, SI
	ADDQ        $32, DI
	DECQ        CX
	JNE         loop
	VERDICT256(VPMAXUD, VPCMPEQD)
